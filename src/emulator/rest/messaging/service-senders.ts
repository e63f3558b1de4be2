import type { Sender } from '../../accounts/sender';
import { json, type Reply } from '../../http';
import { iso8601 } from '../dates';
import { pageOf, pageWithMeta } from '../paging';
import { type Context, route } from '../route';
import { invalid, notFound, TwilioError } from '../twilio-error';
import { findService } from './services';

const SENDERS = '/v1/Services/{MG}/ChannelSenders';
const resource = '/twilio/messaging/services';

/** The pool of a Messaging Service. Its telephone numbers are none of WhatsApp's, so that list is empty. */
export const serviceSenderRoutes = [
  route(SENDERS, { GET: list, POST: add }, { resource }),
  route(`${SENDERS}/{XE}`, { GET: fetch, DELETE: remove }, { resource }),
  route('/v1/Services/{MG}/PhoneNumbers', { GET: listPhoneNumbers }, { resource }),
];

function list(context: Context, serviceSid?: string): Reply {
  const { account, call, core } = context;
  const { pool } = findService(context, serviceSid);
  const senders = pool.map((address) => account.senders.get(address)).filter((sender) => sender !== undefined);
  const page = pageOf(senders, call.query);
  const items = page.items.map((sender) => resourceOf(sender, context, serviceSid));
  return json(200, pageWithMeta(core.url + call.path, call.query, 'senders', { ...page, items }));
}

function add(context: Context, serviceSid?: string): Reply {
  const service = findService(context, serviceSid);
  const sender = context.account.senderBySid(context.call.form.get('Sid') ?? undefined);
  if (!sender) throw invalid(20422, 'Invalid Parameter: Sid');
  const holder = context.account.serviceOf(sender.address);
  if (holder) throw new TwilioError(409, 21710, 'The sender is in a Messaging Service already');
  service.pool.push(sender.address);
  context.core.journal.events.emit('account', context.account);
  return json(201, resourceOf(sender, context, serviceSid));
}

function fetch(context: Context, serviceSid?: string, sid?: string): Reply {
  return json(200, resourceOf(find(context, serviceSid, sid), context, serviceSid));
}

function remove(context: Context, serviceSid?: string, sid?: string): Reply {
  const { pool } = findService(context, serviceSid);
  pool.splice(pool.indexOf(find(context, serviceSid, sid).address), 1);
  context.core.journal.events.emit('account', context.account);
  return { status: 204 };
}

function listPhoneNumbers(context: Context, serviceSid?: string): Reply {
  findService(context, serviceSid);
  const { call, core } = context;
  const page = pageOf<Sender>([], call.query);
  return json(200, pageWithMeta(core.url + call.path, call.query, 'phone_numbers', page));
}

function find(context: Context, serviceSid?: string, sid?: string): Sender {
  const { pool } = findService(context, serviceSid);
  const sender = context.account.senderBySid(sid);
  if (!sender || !pool.includes(sender.address)) throw notFound(context.call.path);
  return sender;
}

function resourceOf(sender: Sender, { account, core }: Context, serviceSid = ''): Record<string, unknown> {
  const service = account.services.get(serviceSid);
  return {
    account_sid: account.sid,
    country_code: 'US',
    date_created: iso8601(service?.createdAt ?? 0),
    date_updated: iso8601(service?.updatedAt ?? 0),
    messaging_service_sid: serviceSid,
    sender: sender.address,
    sender_type: 'WhatsApp',
    sid: sender.sid,
    url: `${core.url}/v1/Services/${serviceSid}/ChannelSenders/${sender.sid}`,
  };
}
