import { sql } from 'kysely';
import type { Clock } from '../../common/clock';
import type { Database, DatabaseTransaction } from './database';

const BEAT_MS = 2000;
/** A process that was silent for this long has died; what it was working on is taken over. */
const SILENCE_MS = 8000;

export interface WorkersOptions {
  readonly db: Database;
  readonly clock: Clock;
  /** Names this process. */
  readonly id: string;
  /** Work of a dead process is free again. */
  onRecovered(): void;
  /** Called at each beat, for what has to be done now and then. */
  onBeat?(): Promise<void>;
  onError(error: unknown): void;
}

/**
 * The processes that share the storage: each says that it lives, and takes over from those that no longer do. Their
 * leases would end by themselves as well, later.
 */
export class Workers {
  #cancel: (() => void) | undefined;
  #beating: Promise<void> | undefined;
  #stopped = false;
  /** Until then the others are given time to say that they live: the storage was away for them as well. */
  #patientUntil = 0;

  constructor(private readonly options: WorkersOptions) {}

  start(): void {
    this.#beating = this.#beat();
  }

  /** Says goodbye, and gives back what it was still working on: nobody has to wait for that. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.#beating;
    const { db, id, clock } = this.options;
    try {
      await db.deleteFrom('workers').where('id', '=', id).execute();
      await db.transaction().execute((trx) => release(trx, id, clock.now()));
    } catch {
      // Without the storage there is nothing to give back; the others will notice the silence.
    }
  }

  async #beat(): Promise<void> {
    const { clock, onBeat, onError } = this.options;
    try {
      await this.#sayAlive();
      await this.#recover();
      await onBeat?.();
    } catch (error) {
      this.#patientUntil = clock.now() + SILENCE_MS;
      onError(error);
    }
    if (this.#stopped) return;
    this.#cancel = clock.setTimeout(() => {
      this.#beating = this.#beat();
    }, BEAT_MS);
  }

  async #sayAlive(): Promise<void> {
    const { db, clock, id } = this.options;
    const beat_at = clock.now();
    await db
      .insertInto('workers')
      .values({ id, beat_at })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ beat_at }))
      .execute();
  }

  async #recover(): Promise<void> {
    const { db, clock, id: self, onRecovered } = this.options;
    const now = clock.now();
    if (now < this.#patientUntil) return;
    const dead = await db.transaction().execute(async (trx) => {
      const gone = await trx
        .deleteFrom('workers')
        .where('beat_at', '<', now - SILENCE_MS)
        .where('id', '!=', self)
        .returning('id')
        .execute();
      for (const { id } of gone) await release(trx, id, now);
      return gone;
    });
    if (dead.length > 0) onRecovered();
  }
}

/** Ends the leases of a process. */
async function release(trx: DatabaseTransaction, owner: string, now: number): Promise<void> {
  for (const table of ['inbound_messages', 'message_events', 'outbound_messages', 'event_deliveries']) {
    await sql`
      update ${sql.table(table)} set due_at = ${now}, owner = null
      where owner = ${owner} and due_at is not null`.execute(trx);
  }
}
