import type { StoredApiKey } from '../../accounts/api-key';
import { addApiKey } from '../../accounts/provision';
import { json, type Reply } from '../../http';
import { rfc2822 } from '../dates';
import { page2010, pageOf } from '../paging';
import { type Context, route } from '../route';
import { notFound } from '../twilio-error';

/** @see https://www.twilio.com/docs/iam/api-keys/key-resource-v2010 */
export const keyRoutes = [
  route('/2010-04-01/Accounts/{AC}/Keys.json', { GET: list, POST: create }, { ownerOnly: true }),
  route(
    '/2010-04-01/Accounts/{AC}/Keys/{SK}.json',
    { GET: fetch, POST: update, DELETE: removeKey },
    { ownerOnly: true },
  ),
];

function create({ core, account, call }: Context): Reply {
  const key = addApiKey(core, account, { friendlyName: call.form.get('FriendlyName') ?? undefined });
  return json(201, { ...keyResource(key), secret: key.secret });
}

function list({ account, call }: Context): Reply {
  const { path, query } = call;
  const page = pageOf([...account.keys.values()], query);
  return json(200, page2010(path, query, 'keys', { ...page, items: page.items.map(keyResource) }));
}

function fetch(context: Context, sid?: string): Reply {
  return json(200, keyResource(findKey(context, sid)));
}

function update(context: Context, sid?: string): Reply {
  const key = findKey(context, sid);
  key.friendlyName = context.call.form.get('FriendlyName') ?? key.friendlyName;
  key.updatedAt = context.core.clock.now();
  return json(200, keyResource(key));
}

export function removeKey(context: Context, sid?: string): Reply {
  context.account.keys.delete(findKey(context, sid).sid);
  return { status: 204 };
}

/** @throws TwilioError 404 when the account has no such key. */
export function findKey({ account, call }: Context, sid = ''): StoredApiKey {
  const key = account.keys.get(sid);
  if (!key) throw notFound(call.path);
  return key;
}

/** Never with the secret: that is shown once, when the key is made. */
export function keyResource(key: StoredApiKey): Record<string, unknown> {
  return {
    date_created: rfc2822(key.createdAt),
    date_updated: rfc2822(key.updatedAt),
    friendly_name: key.friendlyName,
    sid: key.sid,
  };
}
