import { Kysely, PostgresDialect, type PostgresPoolClient, sql } from 'kysely';
import type { DatabaseTransaction } from './database';
import { ourTypes } from './our-types';
import { CHANNEL } from './postgres-channel';
import type { Schema } from './schema';

/**
 * A connection of the caller's on which a transaction has begun, as `pg` has it. Others give theirs away: TypeORM's
 * query runner by `connect()`, Kysely and Drizzle by the client they were made with.
 */
export interface CallersTransaction {
  query(config: { text: string; values: unknown[]; types: typeof ourTypes }): Promise<{
    rows: unknown[];
    rowCount?: number | null;
    command?: string;
  }>;
}

/** Does the work with the caller's connection, in the caller's transaction, and announces it when that is committed. */
export async function withinTransaction<Result>(
  transaction: CallersTransaction,
  work: (trx: DatabaseTransaction) => Promise<Result>,
): Promise<Result> {
  const client = {
    query: (text: string, values: readonly unknown[]) =>
      transaction.query({ text, values: [...values], types: ourTypes }),
    release: () => {},
  } as unknown as PostgresPoolClient;
  const db = new Kysely<Schema>({
    dialect: new PostgresDialect({ pool: { connect: () => Promise.resolve(client), end: () => Promise.resolve() } }),
  });
  // It is a transaction, though not one that Kysely began.
  const result = await work(db as DatabaseTransaction);
  await sql`select pg_notify(${CHANNEL}, 'outbox')`.execute(db);
  return result;
}
