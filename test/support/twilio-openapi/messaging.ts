import { anyUrl, exactly, iso8601, listQuery, pageWithMeta } from './envelopes';
import type { Operation } from './operations';
import { flag, nullable, oneOf, sid, text } from './schema';

const service = exactly({
  sid: sid('MG'),
  account_sid: sid('AC'),
  friendly_name: text,
  date_created: iso8601,
  date_updated: iso8601,
  inbound_request_url: nullable(text),
  inbound_method: nullable(oneOf('GET', 'POST')),
  fallback_url: nullable(text),
  fallback_method: nullable(oneOf('GET', 'POST')),
  status_callback: nullable(text),
  sticky_sender: { type: 'boolean' },
  mms_converter: { type: 'boolean' },
  smart_encoding: { type: 'boolean' },
  scan_message_content: oneOf('inherit', 'enable', 'disable'),
  fallback_to_long_code: { type: 'boolean' },
  area_code_geomatch: { type: 'boolean' },
  synchronous_validation: { type: 'boolean' },
  validity_period: { type: 'integer', minimum: 1, maximum: 36_000 },
  url: anyUrl,
  links: { type: 'object', additionalProperties: anyUrl },
  usecase: text,
  us_app_to_person_registered: { type: 'boolean' },
  use_inbound_webhook_on_number: { type: 'boolean' },
});

const channelSender = exactly({
  account_sid: sid('AC'),
  messaging_service_sid: sid('MG'),
  sid: sid('XE'),
  sender: text,
  sender_type: text,
  country_code: text,
  date_created: iso8601,
  date_updated: iso8601,
  url: anyUrl,
});

const record = { type: 'object' };
const sender = exactly({
  sid: sid('XE'),
  sender_id: { type: 'string', pattern: '^whatsapp:\\+[1-9]\\d{6,14}$' },
  status: oneOf(
    'CREATING',
    'ONLINE',
    'OFFLINE',
    'PENDING_VERIFICATION',
    'VERIFYING',
    'ONLINE:UPDATING',
    'TWILIO_REVIEW',
    'DRAFT',
    'STUBBED',
  ),
  configuration: record,
  webhook: exactly({
    callback_url: nullable(text),
    callback_method: oneOf('POST', 'PUT'),
    fallback_url: nullable(text),
    fallback_method: oneOf('POST', 'PUT'),
    status_callback_url: nullable(text),
    status_callback_method: text,
  }),
  profile: record,
  properties: exactly({ quality_rating: text, messaging_limit: text }),
  offline_reasons: { type: ['array', 'null'], items: record },
  compliance: { type: ['object', 'null'] },
  url: anyUrl,
});

const serviceForm = {
  type: 'object',
  properties: {
    FriendlyName: text,
    InboundRequestUrl: text,
    InboundMethod: oneOf('GET', 'POST'),
    FallbackUrl: text,
    FallbackMethod: oneOf('GET', 'POST'),
    StatusCallback: text,
    UseInboundWebhookOnNumber: flag,
    ValidityPeriod: { type: 'string', format: 'validity-period' },
  },
  additionalProperties: false,
};

const services = '/v1/Services';
const one = `${services}/MG[0-9a-f]{32}`;
const senders = '/v2/Channels/Senders';
const success = exactly({ success: { const: true } });

/** `twilio_messaging_v1`, `_v2` and `_v3` */
export const messagingOperations: readonly Operation[] = [
  {
    name: 'CreateService',
    method: 'POST',
    path: services,
    form: { ...serviceForm, required: ['FriendlyName'] },
    status: 201,
    answer: service,
  },
  {
    name: 'ListService',
    method: 'GET',
    path: services,
    form: listQuery(),
    status: 200,
    answer: pageWithMeta('services', service),
  },
  { name: 'FetchService', method: 'GET', path: one, status: 200, answer: service },
  { name: 'UpdateService', method: 'POST', path: one, form: serviceForm, status: 200, answer: service },
  { name: 'DeleteService', method: 'DELETE', path: one, status: 204 },
  {
    name: 'CreateChannelSender',
    method: 'POST',
    path: `${one}/ChannelSenders`,
    form: { type: 'object', properties: { Sid: sid('XE') }, required: ['Sid'], additionalProperties: false },
    status: 201,
    answer: channelSender,
  },
  {
    name: 'ListChannelSender',
    method: 'GET',
    path: `${one}/ChannelSenders`,
    form: listQuery(),
    status: 200,
    answer: pageWithMeta('senders', channelSender),
  },
  {
    name: 'FetchChannelSender',
    method: 'GET',
    path: `${one}/ChannelSenders/XE[0-9a-f]{32}`,
    status: 200,
    answer: channelSender,
  },
  { name: 'DeleteChannelSender', method: 'DELETE', path: `${one}/ChannelSenders/XE[0-9a-f]{32}`, status: 204 },
  {
    name: 'ListPhoneNumber',
    method: 'GET',
    path: `${one}/PhoneNumbers`,
    form: listQuery(),
    status: 200,
    answer: pageWithMeta('phone_numbers', record),
  },
  {
    name: 'CreateChannelsSender',
    method: 'POST',
    path: senders,
    json: { type: 'object', properties: { sender_id: text }, required: ['sender_id'] },
    status: 202,
    answer: sender,
  },
  {
    name: 'ListChannelsSender',
    method: 'GET',
    path: senders,
    form: { ...listQuery({ Channel: text }), required: ['Channel'] },
    status: 200,
    answer: pageWithMeta('senders', sender),
  },
  { name: 'FetchChannelsSender', method: 'GET', path: `${senders}/XE[0-9a-f]{32}`, status: 200, answer: sender },
  {
    name: 'UpdateChannelsSender',
    method: 'POST',
    path: `${senders}/XE[0-9a-f]{32}`,
    json: record,
    status: 202,
    answer: sender,
  },
  { name: 'DeleteChannelsSender', method: 'DELETE', path: `${senders}/XE[0-9a-f]{32}`, status: 204 },
  {
    name: 'CreateTypingIndicator',
    method: 'POST',
    path: '/v2/Indicators/Typing.json',
    form: {
      type: 'object',
      properties: { channel: oneOf('whatsapp'), messageId: sid('SM|MM') },
      required: ['channel', 'messageId'],
      additionalProperties: false,
    },
    status: 200,
    answer: success,
  },
  {
    name: 'CreateTypingIndicator (v3)',
    method: 'POST',
    path: '/v3/Indicators/Typing.json',
    json: {
      type: 'object',
      properties: { channel: oneOf('WHATSAPP'), messageId: sid('SM|MM') },
      required: ['channel', 'messageId'],
    },
    status: 200,
    answer: success,
  },
];
