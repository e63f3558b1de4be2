import { addSender } from '../../accounts/provision';
import type { Sender, SenderWebhook, WebhookMethod } from '../../accounts/sender';
import { json, type Reply } from '../../http';
import { type Fields, fieldsOf, objectField, textField } from '../json-body';
import { pageOf, pageWithMeta } from '../paging';
import { type Context, route } from '../route';
import { invalid, notFound, TwilioError } from '../twilio-error';

const resource = '/twilio/messaging/channels-senders';
const DEFAULT_PAGE_SIZE = '20';

/** @see https://www.twilio.com/docs/whatsapp/api/senders */
export const senderRoutes = [
  route('/v2/Channels/Senders', { GET: list, POST: create }, { resource }),
  route('/v2/Channels/Senders/{XE}', { GET: fetch, POST: update, DELETE: remove }, { resource }),
];

/** The sandbox's number is nobody's own, and is not listed. */
function list({ account, call, core }: Context): Reply {
  const query = new URLSearchParams(call.query);
  if (query.get('Channel') !== 'whatsapp') throw invalid(20422, 'Invalid Parameter: Channel');
  if (!query.has('PageSize')) query.set('PageSize', DEFAULT_PAGE_SIZE);
  const senders = [...account.senders.values()].filter(({ sandbox }) => sandbox === undefined);
  const page = pageOf(senders, query);
  const items = page.items.map((sender) => senderResource(sender, core.url));
  return json(200, pageWithMeta(core.url + call.path, query, 'senders', { ...page, items }));
}

/** A new sender is online at once; WhatsApp takes minutes. */
function create({ account, call, core }: Context): Reply {
  const fields = fieldsOf(call.json);
  const address = textField(fields, 'sender_id') ?? '';
  if (!/^whatsapp:\+[1-9]\d{6,14}$/.test(address)) throw invalid(20422, 'Invalid Parameter: sender_id');
  if (core.accounts.all().some(({ senders }) => senders.has(address))) {
    throw new TwilioError(409, 20409, `The sender ${address} exists already`);
  }
  const sender = addSender(core, account, address);
  change(sender, fields);
  return json(202, { ...senderResource(sender, core.url), status: 'CREATING' });
}

function fetch(context: Context, sid?: string): Reply {
  return json(200, senderResource(find(context, sid), context.core.url));
}

function update(context: Context, sid?: string): Reply {
  const sender = find(context, sid);
  change(sender, fieldsOf(context.call.json));
  context.core.journal.events.emit('account', context.account);
  return json(202, { ...senderResource(sender, context.core.url), status: 'ONLINE:UPDATING' });
}

function remove(context: Context, sid?: string): Reply {
  const { address } = find(context, sid);
  context.account.senders.delete(address);
  for (const { pool } of context.account.services.values()) {
    const index = pool.indexOf(address);
    if (index >= 0) pool.splice(index, 1);
  }
  context.core.journal.events.emit('account', context.account);
  return { status: 204 };
}

function find({ account, call }: Context, sid?: string): Sender {
  const sender = account.senderBySid(sid);
  if (!sender || sender.sandbox) throw notFound(call.path);
  return sender;
}

function change(sender: Sender, fields: Fields): void {
  const webhook = objectField(fields, 'webhook');
  if (webhook) sender.webhook = { ...sender.webhook, ...readWebhook(webhook) };
  sender.profile = { ...sender.profile, ...objectField(fields, 'profile') };
  sender.configuration = { ...sender.configuration, ...objectField(fields, 'configuration') };
}

function readWebhook(fields: Fields): Partial<SenderWebhook> {
  const [url, fallbackUrl, statusCallback] = ['callback_url', 'fallback_url', 'status_callback_url'].map((name) =>
    textField(fields, name),
  );
  const [method, fallbackMethod] = ['callback_method', 'fallback_method'].map((name) => readMethod(fields, name));
  return {
    ...(url === undefined ? {} : { url }),
    ...(method === undefined ? {} : { method }),
    ...(fallbackUrl === undefined ? {} : { fallbackUrl }),
    ...(fallbackMethod === undefined ? {} : { fallbackMethod }),
    ...(statusCallback === undefined ? {} : { statusCallback }),
  };
}

/** The Senders API knows POST and PUT; either way the webhook is sent with POST here. */
function readMethod(fields: Fields, name: string): WebhookMethod | undefined {
  const method = textField(fields, name);
  if (method === undefined) return undefined;
  if (method !== 'POST' && method !== 'PUT') throw invalid(20422, `Invalid Parameter: ${name}`);
  return 'POST';
}

function senderResource(sender: Sender, origin: string): Record<string, unknown> {
  const { url, fallbackUrl, statusCallback } = sender.webhook;
  return {
    sid: sender.sid,
    sender_id: sender.address,
    status: sender.status,
    configuration: { ...sender.configuration },
    webhook: {
      callback_url: url ?? null,
      callback_method: 'POST',
      fallback_url: fallbackUrl ?? null,
      fallback_method: 'POST',
      status_callback_url: statusCallback ?? null,
      status_callback_method: 'POST',
    },
    profile: { ...sender.profile },
    properties: { quality_rating: 'HIGH', messaging_limit: '10K Customers/24hr' },
    offline_reasons:
      sender.status === 'OFFLINE' ? [{ code: '63020', message: 'The sender is offline', more_info: '' }] : null,
    compliance: null,
    url: `${origin}/v2/Channels/Senders/${sender.sid}`,
  };
}
