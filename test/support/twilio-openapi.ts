/**
 * What Twilio publishes about the Messages resource, restated by hand as JSON Schema, and assertions over it. Both
 * sides are held to it: the requests that the client makes, and the answers that the emulator gives.
 *
 * Source: https://github.com/twilio/twilio-oai, `spec/json/twilio_api_v2010.json` (operations CreateMessage,
 * ListMessage, FetchMessage, UpdateMessage and FetchAccount; schemas `api.v2010.account.message` and
 * `api.v2010.account`). That description declares every property of an answer nullable and none required; its examples
 * show all of them present, and some never null. Here the stricter reading holds. `TrafficType`, `MessageIntent` and
 * `FallbackFrom` come from the `twilio` package, which is generated from a newer edition.
 */
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';

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

const sid = (prefix: string) => ({ type: 'string', pattern: `^(${prefix})[0-9a-fA-F]{32}$` });
const nullable = (schema: { type: string; [keyword: string]: unknown }) => ({ ...schema, type: [schema.type, 'null'] });
const text = { type: 'string' };
const flag = { type: 'string', enum: ['true', 'false'] };
const whole = { type: 'string', pattern: '^\\d+$' };
const oneOf = (...values: string[]) => ({ type: 'string', enum: values });
/** E.164, or a channel address such as `whatsapp:+15552229999`. */
const address = { type: 'string', pattern: '^(\\+[1-9]\\d{1,14}|[a-z]+:\\S+)$', maxLength: 140 };
const url = { type: 'string', format: 'uri' };
const rfc2822 = { type: 'string', format: 'date-time-rfc-2822' };
const dateOrTime = { type: 'string', format: 'date-filter' };
const path = (end: string) => ({ type: 'string', pattern: `^/2010-04-01/Accounts/AC[0-9a-fA-F]{32}${end}` });

interface FormSchema {
  readonly properties: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly [keyword: string]: unknown;
}

const createRequest: FormSchema = {
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

const listRequest: FormSchema = {
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

const updateRequest: FormSchema = {
  type: 'object',
  properties: { Body: text, Status: oneOf('canceled') },
  minProperties: 1,
  additionalProperties: false,
};

const messageResource = {
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

const pageUri = path('/Messages\\.json(\\?|$)');

const messageList = {
  type: 'object',
  properties: {
    messages: { type: 'array', items: messageResource },
    first_page_uri: pageUri,
    next_page_uri: nullable(pageUri),
    previous_page_uri: nullable(pageUri),
    uri: pageUri,
    page: { type: 'integer', minimum: 0 },
    page_size: { type: 'integer', minimum: 1, maximum: 1000 },
    start: { type: 'integer', minimum: 0 },
    end: { type: 'integer', minimum: 0 },
  },
  required: [
    'messages',
    'first_page_uri',
    'next_page_uri',
    'previous_page_uri',
    'uri',
    'page',
    'page_size',
    'start',
    'end',
  ],
  additionalProperties: false,
};

const accountResource = {
  type: 'object',
  properties: {
    sid: sid('AC'),
    owner_account_sid: sid('AC'),
    auth_token: text,
    friendly_name: text,
    status: oneOf('active', 'suspended', 'closed'),
    type: oneOf('Trial', 'Full'),
    date_created: rfc2822,
    date_updated: rfc2822,
    subresource_uris: { type: 'object', additionalProperties: path('/') },
    uri: path('\\.json$'),
  },
  required: ['sid', 'owner_account_sid', 'friendly_name', 'status', 'type', 'date_created', 'date_updated', 'uri'],
  additionalProperties: false,
};

const ajv = new Ajv({ allErrors: true, allowUnionTypes: true, strictRequired: false, strictTypes: false });
ajv.addFormat('uri', (value: string) => /^https?:\/\/[^\s/_?#]+([/?#]|$)/.test(value) && URL.canParse(value));
ajv.addFormat(
  'date-time-rfc-2822',
  (value: string) => isTime(value) && new Date(value).toUTCString() === value.replace('+0000', 'GMT'),
);
ajv.addFormat(
  'date-time',
  (value: string) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(value) && isTime(value),
);
ajv.addFormat(
  'date-filter',
  (value: string) => /^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?Z)?$/.test(value) && isTime(value),
);
ajv.addFormat('page-size', (value: string) => isWholeBetween(value, 1, 1000));
ajv.addFormat('validity-period', (value: string) => isWholeBetween(value, 1, 36_000));
ajv.addFormat('json-object', isFlatJsonObject);

const validators = {
  createRequest: ajv.compile(createRequest),
  listRequest: ajv.compile(listRequest),
  updateRequest: ajv.compile(updateRequest),
  messageResource: ajv.compile(messageResource),
  messageList: ajv.compile(messageList),
  accountResource: ajv.compile(accountResource),
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

/** Throws unless the JSON is an account as Twilio describes it. */
export function assertAccountResource(json: unknown): void {
  check('Account resource', validators.accountResource, json);
}

function check(what: string, validate: ValidateFunction, value: unknown): void {
  if (validate(value)) return;
  const problems = (validate.errors ?? []).map((error) => `  - ${describe(error)}`);
  throw new Error(`${what} does not match Twilio's description:\n${[...new Set(problems)].join('\n')}`);
}

function describe({ instancePath, message, params, keyword }: ErrorObject): string {
  const extra = keyword === 'additionalProperties' ? `: ${String(params['additionalProperty'])}` : '';
  const allowed = keyword === 'enum' ? `: ${JSON.stringify(params['allowedValues'])}` : '';
  return `${instancePath || '(root)'} ${message}${extra}${allowed}`;
}

/** A repeated key is an array; a key that may not be repeated but is, stays an array and fails its type. */
function formObject(params: URLSearchParams, schema: FormSchema): Record<string, unknown> {
  return Object.fromEntries(
    [...new Set(params.keys())].map((key) => {
      const values = params.getAll(key);
      return [key, schema.properties[key]?.['type'] === 'array' || values.length > 1 ? values : values[0]];
    }),
  );
}

function isTime(value: string): boolean {
  return !Number.isNaN(Date.parse(value));
}

function isWholeBetween(value: string, low: number, high: number): boolean {
  return /^\d+$/.test(value) && Number(value) >= low && Number(value) <= high;
}

function isFlatJsonObject(value: string): boolean {
  try {
    const parsed: unknown = JSON.parse(value);
    return (
      typeof parsed === 'object' &&
      parsed !== null &&
      !Array.isArray(parsed) &&
      Object.values(parsed).every((entry) => typeof entry === 'string')
    );
  } catch {
    return false;
  }
}
