import { sql } from 'kysely';
import { type Clock, systemClock } from '../../common/clock';
import type { Database } from './database';

/**
 * The time of the database, which all replicas agree on however their own clocks differ: leases and the budget's minute
 * mean the same to each of them.
 */
export class DatabaseClock implements Clock {
  #aheadMs = 0;

  now(): number {
    return systemClock.now() + this.#aheadMs;
  }

  setTimeout(callback: () => void, delayMs: number): () => void {
    return systemClock.setTimeout(callback, delayMs);
  }

  /** Compares the two clocks, with half of the time that the question took as the error. */
  async synchronise(db: Database): Promise<void> {
    const before = systemClock.now();
    const { rows } = await sql<{ now: string }>`select extract(epoch from clock_timestamp()) * 1000 as now`.execute(db);
    const after = systemClock.now();
    this.#aheadMs = Math.round(Number(rows[0]!.now) - (before + after) / 2);
  }
}
