import type { Client, Notification } from 'pg';
import { sql } from 'kysely';
import { backoffMs } from '../../common/backoff';
import { signalNames, type Signals } from '../signals';
import type { Database } from './database';
import { connectionOptions } from './postgres-dialect';

/** Where replicas announce work to each other. */
export const CHANNEL = 'whatsapp_twilio';
/** Each announcement is a commit of its own, during which no other can commit: there are at most so few a second. */
const GATHER_MS = 25;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

/**
 * Tells the other replicas of work (`NOTIFY`) and hears of theirs (`LISTEN`), over a connection of its own that is made
 * again when it breaks. What is announced is a hint: who misses one finds the work at the next look.
 */
export class PostgresChannel {
  #client: Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #stopped = false;
  #hearing = false;
  readonly #news = new Set<keyof Signals>();

  constructor(
    private readonly url: string,
    private readonly db: Database,
    private readonly signals: Signals,
  ) {
    for (const name of signalNames) {
      signals[name].on(() => {
        if (!this.#hearing) this.#announce(name);
      });
    }
  }

  start(): void {
    void this.#connect();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#client?.end().catch(() => {});
  }

  async #connect(): Promise<void> {
    const { Client: PgClient } = await import('pg');
    const { statement_timeout: _, query_timeout: __, ...options } = connectionOptions(this.url);
    const client = new PgClient(options);
    this.#client = client;
    let isLost = false;
    const lost = () => {
      if (isLost) return;
      isLost = true;
      this.#reconnect(client);
    };
    client.on('error', lost);
    client.on('end', lost);
    client.on('notification', ({ payload }: Notification) => this.#hear(payload));
    try {
      await client.connect();
      await client.query(`listen ${CHANNEL}`);
      this.#failures = 0;
      // Whatever was announced while nobody listened.
      for (const name of signalNames) this.#hear(name);
    } catch {
      lost();
    }
  }

  #hear(payload: string | undefined): void {
    const name = signalNames.find((each) => each === payload);
    if (name === undefined) return;
    this.#hearing = true;
    this.signals[name].emit();
    this.#hearing = false;
  }

  /** Announcements that come together are made once. */
  #announce(name: keyof Signals): void {
    if (this.#stopped) return;
    if (this.#news.size === 0) setTimeout(() => void this.#publish(), GATHER_MS).unref();
    this.#news.add(name);
  }

  async #publish(): Promise<void> {
    const names = [...this.#news];
    this.#news.clear();
    if (this.#stopped) return;
    const calls = names.map((name) => sql`pg_notify(${CHANNEL}, ${name})`);
    await sql`select ${sql.join(calls)}`.execute(this.db).catch(() => {});
  }

  #reconnect(client: Client): void {
    void client.end().catch(() => {});
    if (this.#stopped) return;
    const pause = backoffMs(++this.#failures, FIRST_PAUSE_MS, LONGEST_PAUSE_MS, Math.random);
    this.#timer = setTimeout(() => void this.#connect(), pause);
  }
}
