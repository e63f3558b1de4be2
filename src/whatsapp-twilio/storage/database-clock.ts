import { sql } from 'kysely';
import { type Clock, systemClock } from '../../common/clock';
import type { Database } from './database';

/**
 * The time of the database, which all replicas agree on however their own clocks differ: leases and the budget's minute
 * mean the same to each of them.
 */
export class DatabaseClock implements Clock {
  #aheadMs = 0;
  /** By how much that may be wrong. */
  #errorMs = Infinity;

  now(): number {
    return systemClock.now() + this.#aheadMs;
  }

  setTimeout(callback: () => void, delayMs: number): () => void {
    return systemClock.setTimeout(callback, delayMs);
  }

  /**
   * Compares the two clocks, with half of the time that the question took as the error. An answer that a busy process or
   * network held up says less than what is known, and changes it only where both cannot be true.
   */
  async synchronise(db: Database): Promise<void> {
    const before = systemClock.now();
    const { rows } = await sql<{ now: string }>`select extract(epoch from clock_timestamp()) * 1000 as now`.execute(db);
    const after = systemClock.now();
    const ahead = Number(rows[0]!.now) - (before + after) / 2;
    const error = (after - before) / 2;
    const isContradiction = Math.abs(ahead - this.#aheadMs) > error + this.#errorMs;
    if (error > this.#errorMs && !isContradiction) return;
    this.#aheadMs = Math.round(ahead);
    this.#errorMs = error;
  }
}
