import { backoffMs } from '../../common/backoff';
import type { Runtime } from '../runtime';
import { isConnectionError, reasonOf, StorageUnreachableError } from './connection-error';
import { connectDatabase, migratePostgres } from './database';
import { DatabaseClock } from './database-clock';
import { setReach } from './persistently';
import { Spool } from './spool';
import type { Storage } from './storage';
import { StorageReach } from './storage-reach';

/** A start without a spool waits this long for PostgreSQL, which may be starting as well. */
const PATIENCE_MS = 10_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 2000;

export interface OpenPostgresOptions {
  /** A file for webhooks while PostgreSQL is away. With it the start waits for nothing. */
  readonly spoolPath?: string | undefined;
  readonly outside: Pick<Runtime, 'clock' | 'random'>;
  /** Told once, when the start has to wait. */
  onWaiting?(reason: string): void;
}

/**
 * Opens PostgreSQL and brings its tables up to date. With a spool that may also happen later, when it is there.
 *
 * @throws StorageUnreachableError when it is not there within ten seconds and there is no spool.
 */
export async function openPostgres(url: string, options: OpenPostgresOptions): Promise<Storage> {
  const clock = new DatabaseClock();
  let isPrepared = false;
  /** Over connections of its own: the others are held back until it succeeds. */
  const probe = async (): Promise<void> => {
    if (!isPrepared) await migratePostgres(url);
    const direct = connectDatabase(url);
    try {
      await clock.synchronise(direct);
      isPrepared = true;
    } finally {
      void direct.destroy().catch(() => {});
    }
  };
  const spool = options.spoolPath === undefined ? undefined : await Spool.open(options.spoolPath);
  const reach = new StorageReach({ ...options.outside, probe });
  try {
    await (spool ? reach.begin() : patiently(probe, options));
  } catch (error) {
    await spool?.close();
    throw error;
  }
  const db = connectDatabase(url, reach);
  setReach(db, reach);
  let isOpen = true;
  return {
    db,
    clock,
    reach,
    ...(spool && { spool }),
    keepUp: () => clock.synchronise(db),
    async close() {
      if (!isOpen) return;
      isOpen = false;
      reach.endWaiting();
      reach.stop();
      await spool?.close();
      const closed = db.destroy();
      // Connections to a server that has vanished would have to be waited for.
      if (reach.outage === undefined) await closed;
      else closed.catch(() => {});
    },
  };
}

async function patiently(probe: () => Promise<void>, { outside, onWaiting }: OpenPostgresOptions): Promise<void> {
  const until = outside.clock.now() + PATIENCE_MS;
  for (let attempt = 1; ; attempt++) {
    try {
      return await probe();
    } catch (error) {
      if (!isConnectionError(error)) throw error;
      const reason = reasonOf(error);
      const left = until - outside.clock.now();
      if (left <= 0) throw new StorageUnreachableError(reason, { cause: error });
      if (attempt === 1) onWaiting?.(reason);
      const pause = Math.min(backoffMs(attempt, FIRST_PAUSE_MS, LONGEST_PAUSE_MS, outside.random), left);
      await new Promise<void>((resolve) => outside.clock.setTimeout(resolve, pause));
    }
  }
}
