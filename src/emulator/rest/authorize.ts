import type { Account } from '../accounts/account';
import type { Accounts, Caller } from '../accounts/accounts';
import type { RestCall, Route } from './route';
import { TwilioError, wrongCredentials } from './twilio-error';

/**
 * The account that a call may act on. A parent reaches its subaccounts on the paths that name them, and nowhere else.
 *
 * @throws TwilioError 401 for credentials that do not fit, 403 for an account that is suspended or a right that a
 * restricted key lacks.
 */
export function authorize(accounts: Accounts, call: RestCall, route: Route, sid: string | undefined): Account {
  const caller = accounts.identify(call.authorization);
  if (!caller) throw wrongCredentials();
  const account = sid === undefined ? caller.account : accounts.get(sid);
  const isOwner = caller.key === undefined || caller.key.kind === 'main';
  const isOwn = account === caller.account;
  const isChild = account?.parent === caller.account && isOwner;
  if (!account || !(isOwn || isChild) || (route.ownerOnly && !isOwner)) throw wrongCredentials();
  if (!caller.account.isActive || !account.isActive) {
    const mayStill = route.evenSuspended && (isOwn ? call.method === 'GET' : caller.account.isActive);
    if (!mayStill) throw new TwilioError(403, 20005, 'Account not active');
  }
  checkRights(caller, call, route);
  return account;
}

const ACTIONS: Readonly<Record<string, readonly [collection: string, item: string]>> = {
  GET: ['list', 'read'],
  POST: ['create', 'update'],
  PUT: ['update', 'update'],
  DELETE: ['delete', 'delete'],
};

/**
 * @see https://www.twilio.com/docs/iam/api-keys/restricted-api-keys
 * @see https://www.twilio.com/docs/api/errors/70051
 */
function checkRights({ key }: Caller, call: RestCall, route: Route): void {
  if (key?.kind !== 'restricted') return;
  const isItem = /[A-Z]{2}[0-9a-fA-F]{32}(\.json)?$/.test(call.path);
  const action = ACTIONS[call.method]?.[isItem ? 1 : 0];
  // Who may list may read, and the other way round: the actions of Twilio's list differ from product to product.
  const wanted = action === 'list' || action === 'read' ? ['list', 'read'] : [action];
  const allowed = wanted.some((name) => key.allow.includes(`${route.resource}/${name}`));
  if (route.resource === undefined || !allowed) throw new TwilioError(403, 70051, 'Authorization Failed');
}
