import { Kysely, type Transaction } from 'kysely';
import { migrate } from './migrations';
import type { Schema } from './schema';
import { sqliteDialect } from './sqlite-dialect';

export type Database = Kysely<Schema>;
export type DatabaseTransaction = Transaction<Schema>;

/** Opens the storage that the URL names and brings its tables up to date. */
export async function openDatabase(url: string): Promise<Database> {
  const db = new Kysely<Schema>({ dialect: sqliteDialect(url) });
  try {
    await migrate(db);
    return db;
  } catch (error) {
    await db.destroy();
    throw error;
  }
}
