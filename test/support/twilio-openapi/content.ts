import { anyUrl, exactly, iso8601, listQuery, pageWithMeta } from './envelopes';
import type { Operation } from './operations';
import { dateOrTime, nullable, oneOf, sid, text } from './schema';

const common = {
  date_created: iso8601,
  date_updated: iso8601,
  sid: sid('HX'),
  account_sid: sid('AC'),
  friendly_name: text,
  language: text,
  variables: { type: 'object', additionalProperties: text },
  types: { type: 'object', minProperties: 1, additionalProperties: { type: 'object' } },
};
const content = exactly({ ...common, url: anyUrl, links: { type: 'object', additionalProperties: anyUrl } });
const status = oneOf('unsubmitted', 'received', 'pending', 'approved', 'rejected', 'paused', 'disabled');
const approval = {
  name: text,
  category: oneOf('', 'UTILITY', 'MARKETING', 'AUTHENTICATION'),
  content_type: text,
  status,
  rejection_reason: text,
  allow_category_change: { type: 'boolean' },
};
const whatsapp = exactly({ ...approval, type: { const: 'whatsapp' } });

const contents = '/v1/Content';
const one = `${contents}/HX[0-9a-f]{32}`;
const body = {
  type: 'object',
  properties: { types: common.types, variables: common.variables, friendly_name: text, language: text },
};

/** Version 1 has none of these; the emulator ignores there what version 2 filters by. */
const texts = { type: 'array', items: text };
const contentQuery = listQuery({
  SortByDate: text,
  SortByContentName: text,
  DateCreatedAfter: dateOrTime,
  DateCreatedBefore: dateOrTime,
  ContentName: text,
  Content: text,
  Language: texts,
  ContentType: texts,
  ChannelEligibility: texts,
});

/** `twilio_content_v1` and `_v2` */
export const contentOperations: readonly Operation[] = [
  {
    name: 'CreateContent',
    method: 'POST',
    path: contents,
    json: { ...body, required: ['language', 'types'] },
    status: 201,
    answer: content,
  },
  {
    name: 'ListContent',
    method: 'GET',
    path: '/v[12]/Content',
    form: contentQuery,
    status: 200,
    answer: pageWithMeta('contents', content),
  },
  { name: 'FetchContent', method: 'GET', path: one, status: 200, answer: content },
  { name: 'UpdateContent', method: 'PUT', path: one, json: body, status: 200, answer: content },
  { name: 'DeleteContent', method: 'DELETE', path: one, status: 204 },
  {
    name: 'ListContentAndApprovals',
    method: 'GET',
    path: '/v[12]/ContentAndApprovals',
    form: contentQuery,
    status: 200,
    answer: pageWithMeta('contents', exactly({ ...common, approval_requests: whatsapp })),
  },
  {
    name: 'ListLegacyContent',
    method: 'GET',
    path: '/v1/LegacyContent',
    form: listQuery(),
    status: 200,
    answer: pageWithMeta(
      'contents',
      exactly({ ...common, legacy_template_name: text, legacy_body: text, url: anyUrl }),
    ),
  },
  {
    name: 'FetchApprovalFetch',
    method: 'GET',
    path: `${one}/ApprovalRequests`,
    status: 200,
    answer: exactly({ sid: sid('HX'), account_sid: sid('AC'), whatsapp, url: anyUrl }),
  },
  {
    name: 'CreateApprovalCreate',
    method: 'POST',
    path: `${one}/ApprovalRequests/whatsapp`,
    json: {
      type: 'object',
      properties: { name: text, category: oneOf('UTILITY', 'MARKETING', 'AUTHENTICATION') },
      required: ['name', 'category'],
    },
    status: 201,
    answer: exactly(approval),
  },
];

const alert = {
  account_sid: sid('AC'),
  alert_text: text,
  api_version: text,
  date_created: iso8601,
  date_generated: iso8601,
  date_updated: iso8601,
  error_code: { type: 'string', pattern: '^\\d{5}$' },
  log_level: oneOf('error', 'warning', 'notice', 'debug'),
  more_info: anyUrl,
  request_method: oneOf('GET', 'POST'),
  request_url: text,
  resource_sid: text,
  service_sid: nullable(sid('PN')),
  sid: sid('NO'),
  url: anyUrl,
};
const details = {
  request_headers: nullable(text),
  request_variables: nullable(text),
  response_body: nullable(text),
  response_headers: nullable(text),
};

/** `twilio_monitor_v1` */
export const monitorOperations: readonly Operation[] = [
  {
    name: 'ListAlert',
    method: 'GET',
    path: '/v1/Alerts',
    form: listQuery({
      LogLevel: oneOf('error', 'warning', 'notice', 'debug'),
      StartDate: text,
      EndDate: text,
    }),
    status: 200,
    answer: pageWithMeta('alerts', exactly(alert)),
  },
  {
    name: 'FetchAlert',
    method: 'GET',
    path: '/v1/Alerts/NO[0-9a-f]{32}',
    status: 200,
    answer: exactly({ ...alert, ...details }),
  },
];
