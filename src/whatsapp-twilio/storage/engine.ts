import { type ColumnDataType, PostgresAdapter, type RawBuilder, sql } from 'kysely';
import type { Database } from './database';

/** In what the two databases differ, as far as our queries go. */
export interface Engine {
  readonly name: 'sqlite' | 'postgres';
  /** Milliseconds since 1970. */
  readonly timeType: ColumnDataType;
  /** Ends a select of rows that are about to be claimed: passes over those that another worker is claiming. */
  readonly skipLocked: RawBuilder<unknown>;
  /** Ends a select of rows that must not change until the transaction ends. */
  readonly forUpdate: RawBuilder<unknown>;
}

/** One writer at a time, so there is nothing to lock. */
const sqlite: Engine = { name: 'sqlite', timeType: 'integer', skipLocked: sql``, forUpdate: sql`` };

const postgres: Engine = {
  name: 'postgres',
  timeType: 'bigint',
  skipLocked: sql`for update skip locked`,
  forUpdate: sql`for update`,
};

/** How often to look for work that other processes left without a word, as when they were killed. */
export function lookEveryMs(db: Database): number | undefined {
  return engineOf(db).name === 'postgres' ? 5000 : undefined;
}

/** The engine behind a database or a transaction of it. */
export function engineOf(db: Database): Engine {
  return db.getExecutor().adapter instanceof PostgresAdapter ? postgres : sqlite;
}
