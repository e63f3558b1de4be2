import { json, type Reply } from '../../http';
import { iso8601 } from '../dates';
import { type Context, route } from '../route';
import { notFound } from '../twilio-error';

/** @see https://www.twilio.com/docs/iam/api/authtoken */
export const authTokenRoutes = [
  route('/v1/AuthTokens/Secondary', { POST: createSecondary, DELETE: deleteSecondary }, { ownerOnly: true }),
  route('/v1/AuthTokens/Promote', { POST: promote }, { ownerOnly: true }),
];

/** Another call replaces the secondary token that is there. */
function createSecondary({ core, account }: Context): Reply {
  const now = core.clock.now();
  account.secondary = { token: core.random.hex(32), createdAt: now };
  return json(201, {
    account_sid: account.sid,
    date_created: iso8601(now),
    date_updated: iso8601(now),
    secondary_auth_token: account.secondary.token,
    url: `${core.url}/v1/AuthTokens/Secondary`,
  });
}

function deleteSecondary({ account, call }: Context): Reply {
  if (!account.secondary) throw notFound(call.path);
  account.secondary = undefined;
  return { status: 204 };
}

/** The secondary token becomes the primary one. The old one is refused, and signs nothing, from this moment on. */
function promote({ core, account, call }: Context): Reply {
  if (!account.secondary) throw notFound(call.path);
  const { token, createdAt } = account.secondary;
  account.authToken = token;
  account.secondary = undefined;
  account.updatedAt = core.clock.now();
  return json(200, {
    account_sid: account.sid,
    auth_token: token,
    date_created: iso8601(createdAt),
    date_updated: iso8601(account.updatedAt),
    url: `${core.url}/v1/AuthTokens/Promote`,
  });
}
