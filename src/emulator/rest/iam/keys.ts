import type { StoredApiKey } from '../../accounts/api-key';
import { addApiKey } from '../../accounts/provision';
import { json, type Reply } from '../../http';
import { findKey, keyResource, removeKey } from '../api/keys';
import { pageOf, pageWithMeta } from '../paging';
import { type Context, route } from '../route';
import { invalid } from '../twilio-error';

/** Keys with a policy: what a restricted key may do. @see https://www.twilio.com/docs/iam/api-keys/key-resource-v1 */
export const iamKeyRoutes = [
  route('/v1/Keys', { GET: list, POST: create }, { ownerOnly: true }),
  route('/v1/Keys/{SK}', { GET: fetch, POST: update, DELETE: removeKey }, { ownerOnly: true }),
];

function list({ account, call, core }: Context): Reply {
  const page = pageOf([...account.keys.values()], call.query);
  const items = page.items.map((key) => ({ ...keyResource(key), flags: [] }));
  return json(200, pageWithMeta(core.url + call.path, call.query, 'keys', { ...page, items }));
}

function create({ account, call, core }: Context): Reply {
  const { form } = call;
  const type = form.get('KeyType') ?? 'standard';
  if (form.get('AccountSid') !== account.sid) throw invalid(20422, 'Invalid Parameter: AccountSid');
  if (type !== 'standard' && type !== 'restricted') throw invalid(20422, 'Invalid Parameter: KeyType');
  const key = addApiKey(core, account, {
    friendlyName: form.get('FriendlyName') ?? undefined,
    kind: type,
    allow: readPolicy(form) ?? [],
  });
  return json(201, { ...withPolicy(key), secret: key.secret });
}

function fetch(context: Context, sid?: string): Reply {
  return json(200, withPolicy(findKey(context, sid)));
}

function update(context: Context, sid?: string): Reply {
  const key = findKey(context, sid);
  const { form } = context.call;
  key.friendlyName = form.get('FriendlyName') ?? key.friendlyName;
  key.allow = readPolicy(form) ?? key.allow;
  key.updatedAt = context.core.clock.now();
  return json(200, withPolicy(key));
}

const MOST_PERMISSIONS = 100;

/** `{"allow":["/twilio/messaging/messages/read"]}` */
function readPolicy(form: URLSearchParams): string[] | undefined {
  const text = form.get('Policy');
  if (text === null) return undefined;
  const allow = allowOf(text);
  const isList = Array.isArray(allow) && allow.length <= MOST_PERMISSIONS;
  if (isList && allow.every((entry) => typeof entry === 'string')) return allow;
  throw invalid(20422, 'Invalid Parameter: Policy');
}

function allowOf(text: string): unknown {
  try {
    return (Object(JSON.parse(text)) as { allow?: unknown }).allow;
  } catch {
    return undefined;
  }
}

function withPolicy(key: StoredApiKey): Record<string, unknown> {
  return { ...keyResource(key), policy: key.kind === 'restricted' ? { allow: key.allow } : null };
}
