import { Account, equal } from './account';
import type { StoredApiKey } from './api-key';

/** Whose credentials a REST call carries. */
export interface Caller {
  readonly account: Account;
  /** Missing where the account's own token was used. */
  readonly key?: StoredApiKey;
}

/** Every account of this Twilio. The first is the one that the emulator's own methods speak of. */
export class Accounts {
  readonly #accounts = new Map<string, Account>();

  add(account: Account): void {
    this.#accounts.set(account.sid, account);
  }

  all(): readonly Account[] {
    return [...this.#accounts.values()];
  }

  get(sid: string): Account | undefined {
    return this.#accounts.get(sid);
  }

  /** The account of something that names it, such as a message. */
  of(owned: { readonly accountSid: string }): Account {
    const account = this.#accounts.get(owned.accountSid);
    if (!account) throw new Error(`There is no account ${owned.accountSid}`);
    return account;
  }

  get main(): Account {
    const [main] = this.#accounts.values();
    if (!main) throw new Error('There is no account yet');
    return main;
  }

  childrenOf(parent: Account): readonly Account[] {
    return this.all().filter((account) => account.parent === parent);
  }

  /** Whom an `Authorization: Basic` header proves; nobody for a closed account. */
  identify(authorization: string | undefined): Caller | undefined {
    const encoded = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(authorization ?? '')?.[1];
    if (encoded === undefined) return undefined;
    const credentials = Buffer.from(encoded, 'base64').toString('utf8');
    const colon = credentials.indexOf(':');
    const [user, password] = [credentials.slice(0, colon), credentials.slice(colon + 1)];
    const caller = user.startsWith('SK') ? this.#byKey(user, password) : this.#byToken(user, password);
    return caller?.account.status === 'closed' ? undefined : caller;
  }

  #byToken(sid: string, token: string): Caller | undefined {
    const account = this.#accounts.get(sid);
    return account?.acceptsToken(token) ? { account } : undefined;
  }

  #byKey(sid: string, secret: string): Caller | undefined {
    for (const account of this.#accounts.values()) {
      const key = account.keys.get(sid);
      if (key && equal(secret, key.secret)) return { account, key };
    }
    return undefined;
  }
}
