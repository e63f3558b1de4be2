import type { TwimlApplication } from '../../accounts/application';
import { json, type Reply } from '../../http';
import { rfc2822 } from '../dates';
import { isHttpUrl } from '../http-url';
import { page2010, pageOf } from '../paging';
import { type Context, route } from '../route';
import { invalid, notFound } from '../twilio-error';
import { API_VERSION } from './resources';

const APPLICATIONS = '/2010-04-01/Accounts/{AC}/Applications';
const LONGEST_NAME = 64;

/** @see https://www.twilio.com/docs/usage/api/applications */
export const applicationRoutes = [
  route(`${APPLICATIONS}.json`, { GET: list, POST: create }),
  route(`${APPLICATIONS}/{AP}.json`, { GET: fetch, POST: update, DELETE: remove }),
];

/** What is kept for calls and SMS, by parameter. */
const SETTINGS: Readonly<Record<string, readonly [key: string, kind: 'url' | 'method' | 'flag' | 'version']>> = {
  ApiVersion: ['api_version', 'version'],
  SmsFallbackMethod: ['sms_fallback_method', 'method'],
  SmsFallbackUrl: ['sms_fallback_url', 'url'],
  SmsMethod: ['sms_method', 'method'],
  SmsUrl: ['sms_url', 'url'],
  StatusCallback: ['status_callback', 'url'],
  StatusCallbackMethod: ['status_callback_method', 'method'],
  VoiceCallerIdLookup: ['voice_caller_id_lookup', 'flag'],
  VoiceFallbackMethod: ['voice_fallback_method', 'method'],
  VoiceFallbackUrl: ['voice_fallback_url', 'url'],
  VoiceMethod: ['voice_method', 'method'],
  VoiceUrl: ['voice_url', 'url'],
  PublicApplicationConnectEnabled: ['public_application_connect_enabled', 'flag'],
};
const UNSET = { url: null, method: 'POST', flag: false, version: API_VERSION };
const PERMITTED = {
  url: undefined,
  method: ['GET', 'POST'],
  flag: ['true', 'false'],
  version: [API_VERSION, '2008-08-01'],
};

function list({ account, call }: Context): Reply {
  const { path, query } = call;
  const name = query.get('FriendlyName');
  const matching = [...account.applications.values()].filter((one) => name === null || one.friendlyName === name);
  const page = pageOf(matching, query);
  const items = page.items.map((application) => applicationResource(application, account.sid));
  return json(200, page2010(path, query, 'applications', { ...page, items }));
}

function create(context: Context): Reply {
  const { core, account } = context;
  const now = core.clock.now();
  const application: TwimlApplication = {
    sid: core.random.sid('AP'),
    createdAt: now,
    updatedAt: now,
    friendlyName: '',
    messageStatusCallback: null,
    settings: {},
  };
  change(application, context);
  account.applications.set(application.sid, application);
  return json(201, applicationResource(application, account.sid));
}

function fetch(context: Context, sid?: string): Reply {
  return json(200, applicationResource(findApplication(context, sid), context.account.sid));
}

function update(context: Context, sid?: string): Reply {
  const application = findApplication(context, sid);
  change(application, context);
  application.updatedAt = context.core.clock.now();
  return json(200, applicationResource(application, context.account.sid));
}

function remove(context: Context, sid?: string): Reply {
  context.account.applications.delete(findApplication(context, sid).sid);
  return { status: 204 };
}

function findApplication({ account, call }: Context, sid = ''): TwimlApplication {
  const application = account.applications.get(sid);
  if (!application) throw notFound(call.path);
  return application;
}

/** Reads everything before it changes anything. */
function change(application: TwimlApplication, { call }: Context): void {
  const { form } = call;
  const friendlyName = form.get('FriendlyName') ?? application.friendlyName;
  if (friendlyName.length > LONGEST_NAME) throw invalid(20422, 'Invalid Parameter: FriendlyName');
  // The older name of the same URL.
  const name = form.has('MessageStatusCallback') ? 'MessageStatusCallback' : 'SmsStatusCallback';
  const callback = form.get(name);
  if (callback !== null) checkUrl(name, callback);
  const settings: Record<string, string | boolean> = { ...application.settings };
  for (const [parameter, [key, kind]] of Object.entries(SETTINGS)) {
    const value = form.get(parameter);
    if (value === null) continue;
    if (kind === 'url') checkUrl(parameter, value);
    else if (!PERMITTED[kind].includes(value)) throw invalid(20422, `Invalid Parameter: ${parameter}`);
    settings[key] = kind === 'flag' ? value === 'true' : value;
  }
  application.friendlyName = friendlyName;
  if (callback !== null) application.messageStatusCallback = callback === '' ? null : callback;
  application.settings = settings;
}

/** An empty one takes the URL away. */
function checkUrl(name: string, url: string): void {
  if (url !== '' && !isHttpUrl(url)) throw invalid(20422, `Invalid Parameter: ${name}`);
}

function applicationResource(application: TwimlApplication, accountSid: string): Record<string, unknown> {
  const unset = Object.values(SETTINGS).map(([key, kind]) => [key, UNSET[kind]]);
  return {
    ...Object.fromEntries(unset),
    ...application.settings,
    account_sid: accountSid,
    date_created: rfc2822(application.createdAt),
    date_updated: rfc2822(application.updatedAt),
    friendly_name: application.friendlyName,
    message_status_callback: application.messageStatusCallback,
    sid: application.sid,
    sms_status_callback: application.messageStatusCallback,
    uri: `/${API_VERSION}/Accounts/${accountSid}/Applications/${application.sid}.json`,
  };
}
