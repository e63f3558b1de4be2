import { isRecord } from './json';
import { accountSidPattern } from './message-resource';
import type { CallOptions } from './twilio-client';
import { demand, TwilioTransport, type TwilioTransportOptions } from './twilio-transport';

export interface AuthTokensOptions extends TwilioTransportOptions {
  /** The account whose tokens these are. Its own token authenticates, as API keys may not see tokens. */
  readonly accountSid: string;
}

/**
 * The auth tokens of an account. It has a primary one, which signs webhooks, and while they are rotated a secondary one,
 * which authenticates as well. A promotion makes the secondary the primary; from then on the old one is refused.
 *
 * @see https://www.twilio.com/docs/iam/api/authtoken
 */
export class AuthTokens {
  readonly #transport: TwilioTransport;

  /** @throws TwilioArgumentError for a malformed SID or base URL, or an empty password. */
  constructor(options: AuthTokensOptions) {
    demand(accountSidPattern.test(options.accountSid), 'The account SID must be AC and 32 hex digits.');
    this.#transport = new TwilioTransport(options);
  }

  /** Makes the secondary token and returns it. Behind an error with outcome `unknown` there may be one nobody knows. */
  createSecondary(options: CallOptions = {}): Promise<string> {
    return this.#transport.call({
      method: 'POST',
      path: '/v1/AuthTokens/Secondary',
      form: new URLSearchParams(),
      idempotent: false,
      read: (json) => tokenIn(json, 'secondary_auth_token'),
      ...options,
    });
  }

  /** Rejects with `TWILIO_NOT_FOUND` when there is none. */
  async deleteSecondary(options: CallOptions = {}): Promise<void> {
    await this.#transport.call({
      method: 'DELETE',
      path: '/v1/AuthTokens/Secondary',
      idempotent: true,
      read: () => true,
      ...options,
    });
  }

  /** Makes the secondary token the primary one, which it returns. */
  promote(options: CallOptions = {}): Promise<string> {
    return this.#transport.call({
      method: 'POST',
      path: '/v1/AuthTokens/Promote',
      form: new URLSearchParams(),
      idempotent: false,
      read: (json) => tokenIn(json, 'auth_token'),
      ...options,
    });
  }
}

function tokenIn(json: unknown, name: string): string | undefined {
  const token = isRecord(json) ? json[name] : undefined;
  return typeof token === 'string' && token.length >= 1 && token.length <= 256 ? token : undefined;
}
