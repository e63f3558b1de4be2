import type { Account } from '../accounts/account';
import type { Core } from '../core';
import type { Delivery } from '../delivery';
import type { Reply } from '../http';
import type { MediaHost } from '../media-host';

export interface RestCall {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly form: URLSearchParams;
  /** The body where it is JSON. */
  readonly json: unknown;
  readonly authorization: string | undefined;
}

/** What a handler works with. */
export interface Context {
  readonly core: Core;
  readonly delivery: Delivery;
  readonly media: MediaHost;
  /** The account that the call is about: the one in the path, or the caller's own. */
  readonly account: Account;
  readonly call: RestCall;
}

export type Handler = (context: Context, ...sids: string[]) => Reply;

export interface Route {
  readonly path: RegExp;
  /** Whether the first SID of the path is that of the account. */
  readonly namesAccount: boolean;
  readonly methods: Readonly<Record<string, Handler>>;
  /** For tokens and main keys only. */
  readonly ownerOnly: boolean;
  /** Whether the account may be suspended. */
  readonly evenSuspended: boolean;
  /** What a restricted key's permission names, for example `/twilio/messaging/messages`. */
  readonly resource: string | undefined;
}

type Options = Partial<Pick<Route, 'ownerOnly' | 'evenSuspended' | 'resource'>>;

/**
 * @param pattern has SIDs as `{HX}`; in the handler they are the arguments after the context, but for the account's own.
 */
export function route(pattern: string, methods: Route['methods'], options: Options = {}): Route {
  const source = pattern
    .replaceAll('.', '\\.')
    .replaceAll(/\{([A-Z]{2}(?:\|[A-Z]{2})*)\}/g, (_place, prefixes: string) => `((?:${prefixes})[0-9a-fA-F]{32})`);
  return {
    path: new RegExp(`^${source}$`),
    namesAccount: pattern.startsWith('/2010-04-01/Accounts/{AC}'),
    methods,
    ownerOnly: options.ownerOnly ?? false,
    evenSuspended: options.evenSuspended ?? false,
    resource: options.resource,
  };
}
