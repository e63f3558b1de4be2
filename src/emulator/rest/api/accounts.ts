import type { Account, AccountStatus } from '../../accounts/account';
import { addAccount } from '../../accounts/provision';
import { json, type Reply } from '../../http';
import { page2010, pageOf } from '../paging';
import { type Context, route } from '../route';
import { invalid, TwilioError } from '../twilio-error';
import { accountResource } from './account-resource';

/** @see https://www.twilio.com/docs/iam/api/account */
export const accountRoutes = [
  route('/2010-04-01/Accounts.json', { GET: list, POST: create }, { ownerOnly: true }),
  route('/2010-04-01/Accounts/{AC}.json', { GET: fetch, POST: update }, { ownerOnly: true, evenSuspended: true }),
];

function fetch({ account }: Context): Reply {
  return json(200, accountResource(account));
}

function list({ core, account, call }: Context): Reply {
  const { path, query } = call;
  const [name, status] = [query.get('FriendlyName'), query.get('Status')];
  const matching = [account, ...core.accounts.childrenOf(account)].filter(
    (entry) => (name === null || entry.friendlyName === name) && (status === null || entry.status === status),
  );
  const page = pageOf(matching, query);
  return json(200, page2010(path, query, 'accounts', { ...page, items: page.items.map(accountResource) }));
}

/** A subaccount cannot have subaccounts. */
function create({ core, account, call }: Context): Reply {
  if (account.parent) throw new TwilioError(403, 20403, 'Subaccounts cannot create subaccounts');
  const friendlyName =
    call.form.get('FriendlyName') ?? `SubAccount Created at ${new Date(core.clock.now()).toISOString()}`;
  return json(201, accountResource(addAccount(core, { friendlyName, type: account.type, parent: account })));
}

const STATUSES: ReadonlySet<string> = new Set(['active', 'suspended', 'closed']);

function update({ core, account, call }: Context): Reply {
  const [name, status] = [call.form.get('FriendlyName'), call.form.get('Status')];
  if (status !== null) setStatus(account, status);
  if (name !== null) account.friendlyName = name;
  account.updatedAt = core.clock.now();
  return json(200, accountResource(account));
}

function setStatus(account: Account, status: string): void {
  if (!STATUSES.has(status)) throw invalid(20422, 'Invalid Parameter: Status');
  if (!account.parent) throw new TwilioError(403, 20403, 'Only the status of a subaccount can be changed');
  if (account.status === 'closed' && status !== 'closed') throw invalid(20422, 'A closed account stays closed');
  account.status = status as AccountStatus;
}
