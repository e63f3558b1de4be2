import type { Account } from '../../accounts/account';
import { rfc2822 } from '../dates';
import { API_VERSION } from './resources';

/** @see https://www.twilio.com/docs/iam/api/account */
export function accountResource(account: Account): Record<string, unknown> {
  const uri = `/${API_VERSION}/Accounts/${account.sid}`;
  return {
    auth_token: account.authToken,
    date_created: rfc2822(account.createdAt),
    date_updated: rfc2822(account.updatedAt),
    friendly_name: account.friendlyName,
    owner_account_sid: (account.parent ?? account).sid,
    sid: account.sid,
    status: account.status,
    subresource_uris: { keys: `${uri}/Keys.json`, messages: `${uri}/Messages.json` },
    type: account.type,
    uri: `${uri}.json`,
  };
}
