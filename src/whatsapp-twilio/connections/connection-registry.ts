import type { Clock } from '../../common/clock';
import { BoundedCache } from './bounded-cache';
import type { Connection } from './connection';
import type { Addressee } from './connection-provider';
import { ConnectionLookupError, type ConnectionSource } from './connection-source';

const MOST_CONNECTIONS = 5000;
const MOST_ROUTES = 10_000;
/** Anybody can name accounts that do not exist: they have a cache of their own, and push nobody out. */
const MOST_UNKNOWN = 2000;
/** Another process may have changed a connection without our hearing of it. */
const FRESH_MS = 15_000;
const UNKNOWN_FRESH_MS = 5000;
/** While nobody can tell, as while the storage is away, what was known before is good for this long. */
const STALE_MS = 3_600_000;
/** A signature or token that does not fit makes us look again, but not for each forged one. */
const LOOK_AGAIN_MS = 1000;
const ACCOUNT_SID = /^AC[0-9a-fA-F]{32}$/;
const CONNECTION_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/**
 * The connections of one registration of the module. The one from the configuration is always at hand; the others are
 * looked up when they are needed, and remembered for some seconds.
 */
export class ConnectionRegistry {
  #managed: Connection;
  readonly #byId: BoundedCache<Connection>;
  /** Which connection an account's webhooks are for. */
  readonly #routes: BoundedCache<string>;
  readonly #unknown: BoundedCache<true>;
  readonly #underWay = new Map<string, Promise<Connection | undefined>>();
  /** Counts what was forgotten: what was looked up before is not remembered after it. */
  #era = 0;

  constructor(
    managed: Connection,
    private readonly sources: readonly ConnectionSource[],
    clock: Clock,
  ) {
    this.#managed = managed;
    this.#byId = new BoundedCache(MOST_CONNECTIONS, clock);
    this.#routes = new BoundedCache(MOST_ROUTES, clock);
    this.#unknown = new BoundedCache(MOST_UNKNOWN, clock);
  }

  /** The one from the configuration, used where nothing else is named. */
  get default(): Connection {
    return this.#managed;
  }

  /** What names this registration's rows in the storage that it may share with others. */
  get scope(): string {
    return this.#managed.id;
  }

  /** Takes the place of the configured connection, which keeps its id and its account. */
  replaceManaged(connection: Connection): void {
    this.#managed = connection;
  }

  /** @throws ConnectionLookupError (`CONNECTION_LOOKUP_FAILED`) when it cannot be told. */
  async byId(id: string): Promise<Connection | undefined> {
    if (id === this.#managed.id) return this.#managed;
    if (!CONNECTION_ID.test(id)) return undefined;
    const known = this.#byId.get(id);
    if (known !== undefined && known.ageMs < FRESH_MS) return known.value;
    if ((this.#unknown.get(`id:${id}`)?.ageMs ?? Infinity) < UNKNOWN_FRESH_MS) return undefined;
    return this.look(`id:${id}`, (source) => source.byId(id), known);
  }

  /**
   * The connection that a webhook of this account is for. The configured account has one connection, whoever is
   * addressed.
   *
   * @throws ConnectionLookupError (`CONNECTION_LOOKUP_FAILED`) when it cannot be told.
   */
  async byAccount(accountSid: string, addressee: Addressee): Promise<Connection | undefined> {
    if (accountSid === this.#managed.accountSid) return this.#managed;
    if (!ACCOUNT_SID.test(accountSid)) return undefined;
    const key = routeKey(accountSid, addressee);
    const routedTo = this.#routes.get(key);
    const known = routedTo && this.#byId.get(routedTo.value);
    if (known !== undefined && Math.max(known.ageMs, routedTo!.ageMs) < FRESH_MS) return known.value;
    if ((this.#unknown.get(key)?.ageMs ?? Infinity) < UNKNOWN_FRESH_MS) return undefined;
    return this.look(key, (source) => source.byAccount(accountSid, addressee), known);
  }

  /**
   * The connection as it is now, for when its tokens did not fit: another process may have changed them. Looks at most
   * once a second, so that nobody can make us look for each forged webhook.
   *
   * @throws ConnectionLookupError (`CONNECTION_LOOKUP_FAILED`) when it cannot be told.
   */
  async fresh(connection: Connection): Promise<Connection | undefined> {
    if (connection.mode === 'managed') return this.#managed;
    const known = this.#byId.get(connection.id);
    if (known !== undefined && known.ageMs < LOOK_AGAIN_MS) return known.value;
    return this.look(`id:${connection.id}`, (source) => source.byId(connection.id), undefined);
  }

  /** To be called after a change: what is remembered no longer counts. */
  forget(): void {
    this.#era++;
    this.#unknown.clear();
    this.#underWay.clear();
    this.#byId.clear();
    this.#routes.clear();
  }

  /** Those who ask for the same at the same time share one answer. */
  private look(
    key: string,
    question: (source: ConnectionSource) => Promise<Connection | undefined>,
    known: { readonly value: Connection; readonly ageMs: number } | undefined,
  ): Promise<Connection | undefined> {
    const underWay = this.#underWay.get(key);
    if (underWay !== undefined) return underWay;
    const looking = this.ask(key, question, known).finally(() => {
      if (this.#underWay.get(key) === looking) this.#underWay.delete(key);
    });
    this.#underWay.set(key, looking);
    return looking;
  }

  private async ask(
    key: string,
    question: (source: ConnectionSource) => Promise<Connection | undefined>,
    known: { readonly value: Connection; readonly ageMs: number } | undefined,
  ): Promise<Connection | undefined> {
    const era = this.#era;
    try {
      for (const source of this.sources) {
        const found = await question(source);
        if (found === undefined) continue;
        if (found.id === this.#managed.id || found.accountSid === this.#managed.accountSid) {
          throw new ConnectionLookupError('it has the id or the account of the configured connection.');
        }
        if (era === this.#era) this.remember(key, found);
        return found;
      }
    } catch (error) {
      if (known !== undefined && known.ageMs < STALE_MS) return known.value;
      if (error instanceof ConnectionLookupError) throw error;
      throw new ConnectionLookupError(`the storage could not tell (${(error as Error).message}).`, error);
    }
    if (era === this.#era) {
      this.#unknown.set(key, true);
      if (known !== undefined) this.#byId.delete(known.value.id);
    }
    return undefined;
  }

  private remember(key: string, connection: Connection): void {
    this.#byId.set(connection.id, connection);
    if (!key.startsWith('id:')) this.#routes.set(key, connection.id);
  }
}

/** Bounded, as it is made of what anybody can send. */
function routeKey(accountSid: string, { sender = '', messagingServiceSid = '' }: Addressee): string {
  return `${accountSid} ${sender.slice(0, 40)} ${messagingServiceSid.slice(0, 40)}`;
}
