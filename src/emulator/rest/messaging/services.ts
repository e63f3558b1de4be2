import type { MessagingService } from '../../accounts/messaging-service';
import { addService } from '../../accounts/provision';
import type { WebhookMethod } from '../../accounts/sender';
import { json, type Reply } from '../../http';
import { iso8601 } from '../dates';
import { pageOf, pageWithMeta } from '../paging';
import { type Context, route } from '../route';
import { invalid, notFound } from '../twilio-error';
import { readValidity } from '../validity-period';

const resource = '/twilio/messaging/services';

/** @see https://www.twilio.com/docs/messaging/api/service-resource */
export const serviceRoutes = [
  route('/v1/Services', { GET: list, POST: create }, { resource }),
  route('/v1/Services/{MG}', { GET: fetch, POST: update, DELETE: remove }, { resource }),
];

/** @throws TwilioError 404 when the account has no such service. */
export function findService({ account, call }: Context, sid = ''): MessagingService {
  const service = account.services.get(sid);
  if (!service) throw notFound(call.path);
  return service;
}

function list(context: Context): Reply {
  const { account, call, core } = context;
  const page = pageOf([...account.services.values()], call.query);
  const items = page.items.map((service) => serviceResource(service, context));
  return json(200, pageWithMeta(core.url + call.path, call.query, 'services', { ...page, items }));
}

function create(context: Context): Reply {
  const friendlyName = context.call.form.get('FriendlyName') ?? '';
  if (friendlyName === '') throw invalid(20422, 'Invalid Parameter: FriendlyName');
  const service = addService(context.core, context.account, {
    friendlyName,
    pool: [],
    useInboundWebhookOnNumber: false,
  });
  change(service, context);
  return json(201, serviceResource(service, context));
}

function fetch(context: Context, sid?: string): Reply {
  return json(200, serviceResource(findService(context, sid), context));
}

function update(context: Context, sid?: string): Reply {
  const service = findService(context, sid);
  change(service, context);
  service.updatedAt = context.core.clock.now();
  return json(200, serviceResource(service, context));
}

function remove(context: Context, sid?: string): Reply {
  context.account.services.delete(findService(context, sid).sid);
  context.core.journal.events.emit('account', context.account);
  return { status: 204 };
}

function change(service: MessagingService, { call, account, core }: Context): void {
  const { form } = call;
  service.friendlyName = form.get('FriendlyName') ?? service.friendlyName;
  service.inboundRequestUrl = readUrl(form, 'InboundRequestUrl', service.inboundRequestUrl);
  service.fallbackUrl = readUrl(form, 'FallbackUrl', service.fallbackUrl);
  service.statusCallback = readUrl(form, 'StatusCallback', service.statusCallback);
  service.inboundMethod = readMethod(form, 'InboundMethod', service.inboundMethod);
  service.fallbackMethod = readMethod(form, 'FallbackMethod', service.fallbackMethod);
  service.validityPeriod = readValidity(form) ?? service.validityPeriod;
  const onNumber = form.get('UseInboundWebhookOnNumber');
  if (onNumber !== null) service.useInboundWebhookOnNumber = onNumber === 'true';
  core.journal.events.emit('account', account);
}

/** An empty one takes the URL away. */
function readUrl(form: URLSearchParams, name: string, otherwise: string | null): string | null {
  const url = form.get(name);
  if (url === null) return otherwise;
  if (url === '') return null;
  if (!/^https?:\/\/\S+$/i.test(url)) throw invalid(20422, `Invalid Parameter: ${name}`);
  return url;
}

function readMethod(form: URLSearchParams, name: string, otherwise: WebhookMethod): WebhookMethod {
  const method = form.get(name);
  if (method === null) return otherwise;
  if (method !== 'GET' && method !== 'POST') throw invalid(20422, `Invalid Parameter: ${name}`);
  return method;
}

function serviceResource(service: MessagingService, { account, core }: Context): Record<string, unknown> {
  const url = `${core.url}/v1/Services/${service.sid}`;
  return {
    account_sid: account.sid,
    area_code_geomatch: true,
    date_created: iso8601(service.createdAt),
    date_updated: iso8601(service.updatedAt),
    fallback_method: service.fallbackMethod,
    fallback_to_long_code: true,
    fallback_url: service.fallbackUrl,
    friendly_name: service.friendlyName,
    inbound_method: service.inboundMethod,
    inbound_request_url: service.inboundRequestUrl,
    links: { phone_numbers: `${url}/PhoneNumbers`, channel_senders: `${url}/ChannelSenders` },
    mms_converter: true,
    scan_message_content: 'inherit',
    sid: service.sid,
    smart_encoding: true,
    status_callback: service.statusCallback,
    sticky_sender: true,
    synchronous_validation: false,
    url,
    us_app_to_person_registered: false,
    use_inbound_webhook_on_number: service.useInboundWebhookOnNumber,
    usecase: 'undeclared',
    validity_period: service.validityPeriod,
  };
}
