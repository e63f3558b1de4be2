import { page2010 } from './envelopes';
import {
  address,
  check,
  compile,
  dateOrTime,
  flag,
  formObject,
  type FormSchema,
  nullable,
  oneOf,
  path,
  rfc2822,
  sid,
  text,
  url,
  whole,
} from './schema';

export const messageStatuses = [
  'queued',
  'sending',
  'sent',
  'failed',
  'delivered',
  'undelivered',
  'receiving',
  'received',
  'accepted',
  'scheduled',
  'read',
  'partially_delivered',
  'canceled',
] as const;

export const createRequest: FormSchema = {
  type: 'object',
  properties: {
    To: address,
    // A sender may also be a short code or an alphanumeric sender id.
    From: { type: 'string', minLength: 1, maxLength: 140 },
    MessagingServiceSid: sid('MG'),
    Body: { type: 'string', maxLength: 1600 },
    MediaUrl: { type: 'array', items: url, maxItems: 10 },
    ContentSid: sid('HX'),
    ContentVariables: { type: 'string', format: 'json-object' },
    PersistentAction: { type: 'array', items: text },
    StatusCallback: url,
    ApplicationSid: sid('AP'),
    ProvideFeedback: flag,
    Attempt: whole,
    ValidityPeriod: { type: 'string', format: 'validity-period' },
    ForceDelivery: flag,
    MaxPrice: { type: 'string', pattern: '^\\d+(\\.\\d+)?$' },
    ContentRetention: oneOf('retain', 'discard'),
    AddressRetention: oneOf('retain', 'obfuscate'),
    SmartEncoded: flag,
    ShortenUrls: flag,
    ScheduleType: oneOf('fixed'),
    SendAt: { type: 'string', format: 'date-time' },
    SendAsMms: flag,
    RiskCheck: oneOf('enable', 'disable'),
    TrafficType: oneOf('free'),
    MessageIntent: text,
    FallbackFrom: text,
  },
  required: ['To'],
  additionalProperties: false,
  allOf: [
    { anyOf: [{ required: ['From'] }, { required: ['MessagingServiceSid'] }] },
    { anyOf: [{ required: ['Body'] }, { required: ['MediaUrl'] }, { required: ['ContentSid'] }] },
  ],
  dependencies: {
    ContentVariables: ['ContentSid'],
    ScheduleType: ['SendAt', 'MessagingServiceSid'],
    SendAt: ['ScheduleType'],
    ShortenUrls: ['MessagingServiceSid'],
  },
};

export const listRequest: FormSchema = {
  type: 'object',
  properties: {
    To: address,
    From: { type: 'string', minLength: 1, maxLength: 140 },
    DateSent: dateOrTime,
    'DateSent<': dateOrTime,
    'DateSent>': dateOrTime,
    PageSize: { type: 'string', format: 'page-size' },
    Page: whole,
    PageToken: text,
  },
  additionalProperties: false,
};

export const updateRequest: FormSchema = {
  type: 'object',
  properties: { Body: text, Status: oneOf('canceled') },
  minProperties: 1,
  additionalProperties: false,
};

export const messageResource = {
  type: 'object',
  properties: {
    sid: sid('SM|MM'),
    account_sid: sid('AC'),
    messaging_service_sid: nullable(sid('MG')),
    api_version: { const: '2010-04-01' },
    body: nullable(text),
    from: nullable(text),
    to: text,
    status: oneOf(...messageStatuses),
    direction: oneOf('inbound', 'outbound-api', 'outbound-call', 'outbound-reply'),
    num_media: whole,
    num_segments: whole,
    price: nullable({ type: 'string', pattern: '^-?\\d+(\\.\\d+)?$' }),
    price_unit: nullable({ type: 'string', pattern: '^[A-Za-z]{3}$' }),
    error_code: nullable({ type: 'integer' }),
    error_message: nullable(text),
    date_created: rfc2822,
    date_updated: rfc2822,
    date_sent: nullable(rfc2822),
    uri: path('/Messages/(SM|MM)[0-9a-fA-F]{32}\\.json$'),
    subresource_uris: { type: 'object', required: ['media'], additionalProperties: path('/Messages/') },
    tags: { type: ['object', 'null'] },
  },
  required: [
    'sid',
    'account_sid',
    'messaging_service_sid',
    'api_version',
    'body',
    'from',
    'to',
    'status',
    'direction',
    'num_media',
    'num_segments',
    'price',
    'price_unit',
    'error_code',
    'error_message',
    'date_created',
    'date_updated',
    'date_sent',
    'uri',
    'subresource_uris',
  ],
  additionalProperties: false,
};

export const messageList = page2010('messages', messageResource, '/Messages\\.json');

const validators = {
  createRequest: compile(createRequest),
  listRequest: compile(listRequest),
  updateRequest: compile(updateRequest),
  messageResource: compile(messageResource),
  messageList: compile(messageList),
};

/** Throws unless Twilio's description allows this form as the body of CreateMessage. */
export function assertCreateRequest(params: URLSearchParams): void {
  check('CreateMessage request', validators.createRequest, formObject(params, createRequest));
}

/** Throws unless the query is one that ListMessage describes. */
export function assertListRequest(params: URLSearchParams): void {
  check('ListMessage query', validators.listRequest, formObject(params, listRequest));
}

/** Throws unless the form is one that UpdateMessage describes. */
export function assertUpdateRequest(params: URLSearchParams): void {
  check('UpdateMessage request', validators.updateRequest, formObject(params, updateRequest));
}

/** Throws unless the JSON is a message as Twilio describes it. */
export function assertMessageResource(json: unknown): void {
  check('Message resource', validators.messageResource, json);
}

/** Throws unless the JSON is one page of messages as Twilio describes it. */
export function assertMessageList(json: unknown): void {
  check('Message list', validators.messageList, json);
}
