import { accountResource } from './accounts';
import { exactly, listQuery, page2010 } from './envelopes';
import { messageList, messageResource, createRequest, listRequest, updateRequest } from './messages';
import type { Operation } from './operations';
import { dateOrTime, flag, nullable, oneOf, path, rfc2822, sid, text, url } from './schema';

const mediaUri = path('/Messages/(SM|MM)[0-9a-fA-F]{32}/Media/ME[0-9a-fA-F]{32}\\.json$');

const media = exactly({
  account_sid: sid('AC'),
  content_type: text,
  date_created: rfc2822,
  date_updated: rfc2822,
  parent_sid: sid('SM|MM'),
  sid: sid('ME'),
  uri: mediaUri,
});

const feedback = exactly({
  account_sid: sid('AC'),
  date_created: rfc2822,
  date_updated: rfc2822,
  message_sid: sid('SM|MM'),
  outcome: oneOf('confirmed', 'unconfirmed'),
  uri: path('/Messages/(SM|MM)[0-9a-fA-F]{32}/Feedback\\.json$'),
});

const key = { date_created: rfc2822, date_updated: rfc2822, friendly_name: text, sid: sid('SK') };

const application = exactly({
  account_sid: sid('AC'),
  api_version: oneOf('2010-04-01', '2008-08-01'),
  date_created: rfc2822,
  date_updated: rfc2822,
  friendly_name: text,
  message_status_callback: nullable(text),
  public_application_connect_enabled: { type: 'boolean' },
  sid: sid('AP'),
  sms_fallback_method: oneOf('GET', 'POST'),
  sms_fallback_url: nullable(text),
  sms_method: oneOf('GET', 'POST'),
  sms_status_callback: nullable(text),
  sms_url: nullable(text),
  status_callback: nullable(text),
  status_callback_method: oneOf('GET', 'POST'),
  uri: path('/Applications/AP[0-9a-f]{32}\\.json$'),
  voice_caller_id_lookup: { type: 'boolean' },
  voice_fallback_method: oneOf('GET', 'POST'),
  voice_fallback_url: nullable(text),
  voice_method: oneOf('GET', 'POST'),
  voice_url: nullable(text),
});

const form = (properties: Readonly<Record<string, object>>) => ({
  type: 'object',
  properties: properties as Record<string, Record<string, unknown>>,
  additionalProperties: false,
});

const account = '/2010-04-01/Accounts/AC[0-9a-f]{32}';
const message = `${account}/Messages/(?:SM|MM)[0-9a-f]{32}`;

const anApplication = `${account}/Applications/AP[0-9a-f]{32}`;
const verb = oneOf('GET', 'POST');
const applicationForm = form({
  ApiVersion: text,
  FriendlyName: { type: 'string', maxLength: 64 },
  MessageStatusCallback: url,
  PublicApplicationConnectEnabled: flag,
  SmsFallbackMethod: verb,
  SmsFallbackUrl: url,
  SmsMethod: verb,
  SmsStatusCallback: url,
  SmsUrl: url,
  StatusCallback: url,
  StatusCallbackMethod: verb,
  VoiceCallerIdLookup: flag,
  VoiceFallbackMethod: verb,
  VoiceFallbackUrl: url,
  VoiceMethod: verb,
  VoiceUrl: url,
});

/** `twilio_api_v2010` */
export const apiOperations: readonly Operation[] = [
  {
    name: 'CreateMessage',
    method: 'POST',
    path: `${account}/Messages.json`,
    form: createRequest,
    status: 201,
    answer: messageResource,
  },
  {
    name: 'ListMessage',
    method: 'GET',
    path: `${account}/Messages.json`,
    form: listRequest,
    status: 200,
    answer: messageList,
  },
  { name: 'FetchMessage', method: 'GET', path: `${message}.json`, status: 200, answer: messageResource },
  {
    name: 'UpdateMessage',
    method: 'POST',
    path: `${message}.json`,
    form: updateRequest,
    status: 200,
    answer: messageResource,
  },
  { name: 'DeleteMessage', method: 'DELETE', path: `${message}.json`, status: 204 },
  {
    name: 'CreateMessageFeedback',
    method: 'POST',
    path: `${message}/Feedback.json`,
    form: form({ Outcome: oneOf('confirmed', 'unconfirmed') }),
    status: 201,
    answer: feedback,
  },
  {
    name: 'ListMedia',
    method: 'GET',
    path: `${message}/Media.json`,
    form: listQuery({ DateCreated: dateOrTime, 'DateCreated<': dateOrTime, 'DateCreated>': dateOrTime }),
    status: 200,
    answer: page2010('media_list', media, '/Messages/(SM|MM)[0-9a-fA-F]{32}/Media\\.json'),
  },
  { name: 'FetchMedia', method: 'GET', path: `${message}/Media/ME[0-9a-f]{32}.json`, status: 200, answer: media },
  { name: 'DeleteMedia', method: 'DELETE', path: `${message}/Media/ME[0-9a-f]{32}.json`, status: 204 },
  { name: 'FetchAccount', method: 'GET', path: `${account}.json`, status: 200, answer: accountResource },
  {
    name: 'UpdateAccount',
    method: 'POST',
    path: `${account}.json`,
    form: form({ FriendlyName: text, Status: oneOf('active', 'suspended', 'closed') }),
    status: 200,
    answer: accountResource,
  },
  {
    name: 'ListAccount',
    method: 'GET',
    path: '/2010-04-01/Accounts.json',
    form: listQuery({ FriendlyName: text, Status: oneOf('active', 'suspended', 'closed') }),
    status: 200,
    answer: listOfAccounts(),
  },
  {
    name: 'CreateAccount',
    method: 'POST',
    path: '/2010-04-01/Accounts.json',
    form: form({ FriendlyName: text }),
    status: 201,
    answer: accountResource,
  },
  {
    name: 'CreateApplication',
    method: 'POST',
    path: `${account}/Applications.json`,
    form: applicationForm,
    status: 201,
    answer: application,
  },
  {
    name: 'ListApplication',
    method: 'GET',
    path: `${account}/Applications.json`,
    form: listQuery({ FriendlyName: text }),
    status: 200,
    answer: page2010('applications', application, '/Applications\\.json'),
  },
  { name: 'FetchApplication', method: 'GET', path: `${anApplication}.json`, status: 200, answer: application },
  {
    name: 'UpdateApplication',
    method: 'POST',
    path: `${anApplication}.json`,
    form: applicationForm,
    status: 200,
    answer: application,
  },
  { name: 'DeleteApplication', method: 'DELETE', path: `${anApplication}.json`, status: 204 },
  {
    name: 'CreateNewKey',
    method: 'POST',
    path: `${account}/Keys.json`,
    form: form({ FriendlyName: text }),
    status: 201,
    answer: exactly({ ...key, secret: text }),
  },
  {
    name: 'ListKey',
    method: 'GET',
    path: `${account}/Keys.json`,
    form: listQuery(),
    status: 200,
    answer: page2010('keys', exactly(key), '/Keys\\.json'),
  },
  { name: 'FetchKey', method: 'GET', path: `${account}/Keys/SK[0-9a-f]{32}.json`, status: 200, answer: exactly(key) },
  {
    name: 'UpdateKey',
    method: 'POST',
    path: `${account}/Keys/SK[0-9a-f]{32}.json`,
    form: form({ FriendlyName: text }),
    status: 200,
    answer: exactly(key),
  },
  { name: 'DeleteKey', method: 'DELETE', path: `${account}/Keys/SK[0-9a-f]{32}.json`, status: 204 },
];

/** The one list of this API whose address names no account. */
function listOfAccounts(): object {
  const uri = { type: 'string', pattern: '^/2010-04-01/Accounts\\.json(\\?|$)' };
  const maybe = { type: ['string', 'null'], pattern: uri.pattern };
  const number = { type: 'integer', minimum: 0 };
  return exactly({
    accounts: { type: 'array', items: accountResource },
    first_page_uri: uri,
    next_page_uri: maybe,
    previous_page_uri: maybe,
    uri,
    page: number,
    page_size: number,
    start: number,
    end: number,
  });
}

/** `twilio_accounts_v1` and `twilio_iam_v1` */
const iso = { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$' };
const token = { account_sid: sid('AC'), date_created: iso, date_updated: iso };
const link = { type: 'string', pattern: '^https?://[^/]+/v1/AuthTokens/(Secondary|Promote)$' };
const policy = { type: ['object', 'null'], properties: { allow: { type: 'array', items: text } } };
const suppress = form({ SuppressEmailNotification: flag });

export const accountOperations: readonly Operation[] = [
  {
    name: 'CreateSecondaryAuthToken',
    method: 'POST',
    path: '/v1/AuthTokens/Secondary',
    form: suppress,
    status: 201,
    answer: exactly({ ...token, secondary_auth_token: text, url: link }),
  },
  { name: 'DeleteSecondaryAuthToken', method: 'DELETE', path: '/v1/AuthTokens/Secondary', status: 204 },
  {
    name: 'UpdateAuthTokenPromotion',
    method: 'POST',
    path: '/v1/AuthTokens/Promote',
    form: suppress,
    status: 200,
    answer: exactly({ ...token, auth_token: text, url: link }),
  },
  {
    name: 'CreateNewKey (IAM)',
    method: 'POST',
    path: '/v1/Keys',
    form: form({ AccountSid: sid('AC'), FriendlyName: text, KeyType: oneOf('standard', 'restricted'), Policy: text }),
    status: 201,
    answer: exactly({ ...key, policy, secret: text }),
  },
  {
    name: 'FetchKey (IAM)',
    method: 'GET',
    path: '/v1/Keys/SK[0-9a-f]{32}',
    status: 200,
    answer: exactly({ ...key, policy }),
  },
  {
    name: 'UpdateKey (IAM)',
    method: 'POST',
    path: '/v1/Keys/SK[0-9a-f]{32}',
    form: form({ FriendlyName: text, Policy: text }),
    status: 200,
    answer: exactly({ ...key, policy }),
  },
  { name: 'DeleteKey (IAM)', method: 'DELETE', path: '/v1/Keys/SK[0-9a-f]{32}', status: 204 },
];
