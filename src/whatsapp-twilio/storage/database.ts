import { Kysely, type Transaction } from 'kysely';
import { migrate } from './migrations';
import { patientPostgresDialect, postgresDialect } from './postgres-dialect';
import type { Schema } from './schema';
import { sqliteDialect } from './sqlite-dialect';
import type { StorageReach } from './storage-reach';

/** The storage, or a transaction of it: one schema and one set of queries for either engine. */
export type Database = Kysely<Schema>;
export type DatabaseTransaction = Transaction<Schema>;

export function isPostgresUrl(url: string): boolean {
  return /^postgres(ql)?:/.test(url);
}

/** Opens the storage that the URL names and brings its tables up to date. */
export async function openDatabase(url: string): Promise<Database> {
  if (isPostgresUrl(url)) await migratePostgres(url);
  const db = connectDatabase(url);
  try {
    if (!isPostgresUrl(url)) await migrate(db);
    return db;
  } catch (error) {
    await db.destroy();
    throw error;
  }
}

/** Brings the tables up to date, over a connection of its own, however long that takes. */
export async function migratePostgres(url: string): Promise<void> {
  const db = new Kysely<Schema>({ dialect: patientPostgresDialect(url) });
  try {
    await migrate(db);
  } finally {
    await db.destroy();
  }
}

/** The storage that the URL names, without looking whether it is there. */
export function connectDatabase(url: string, reach?: StorageReach): Database {
  return new Kysely<Schema>({ dialect: isPostgresUrl(url) ? postgresDialect(url, reach) : sqliteDialect(url) });
}
