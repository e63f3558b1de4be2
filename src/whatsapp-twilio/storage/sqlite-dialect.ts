import {
  CompiledQuery,
  type DatabaseConnection,
  type DialectAdapter,
  type Driver,
  SqliteAdapter,
  SqliteDialect,
  type SqliteDatabase,
  type SqliteStatement,
} from 'kysely';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export interface SqliteOptions {
  /** Nobody else may open the file, until this process closes it or ends. */
  readonly exclusive?: boolean;
}

/**
 * SQLite through libsql, which has better-sqlite3's interface and ships its binaries in registry packages. Loaded only
 * when a `sqlite:` URL is used.
 */
export function sqliteDialect(url: string, options: SqliteOptions = {}): SqliteDialect {
  return new ImmediateSqliteDialect({
    database: () => openDatabase(sqliteFileOf(url), options),
  });
}

/** The path that the URL names; `undefined` for a database in memory. */
export function sqliteFileOf(url: string): string | undefined {
  const path = url.slice('sqlite:'.length);
  return path === ':memory:' ? undefined : path;
}

/** How long another process is waited for. */
const PATIENCE_MS = 5000;
const BETWEEN_TRIES_MS = 10;

async function openDatabase(file: string | undefined, { exclusive }: SqliteOptions): Promise<SqliteDatabase> {
  const { default: Database } = await import('libsql');
  if (file !== undefined) mkdirSync(dirname(file), { recursive: true });
  const database = new Database(file ?? ':memory:');
  // The patience first, as the switch to a WAL needs a lock too. FULL, because NORMAL loses acknowledged rows at a power
  // cut when the journal is a WAL.
  // A file of our own is not waited for: who has it keeps it.
  const locking = exclusive ? ['busy_timeout = 0', 'locking_mode = EXCLUSIVE'] : [`busy_timeout = ${PATIENCE_MS}`];
  for (const pragma of locking) database.exec(`PRAGMA ${pragma}`);
  await useWal(database, exclusive ? 0 : PATIENCE_MS);
  database.exec('PRAGMA synchronous = FULL');
  return preparingOnce(database);
}

/** SQLite itself does not wait when another process makes the same switch in this moment. */
async function useWal(database: { exec(sql: string): void }, patienceMs: number): Promise<void> {
  for (const until = Date.now() + patienceMs; ; await pause(BETWEEN_TRIES_MS)) {
    try {
      return database.exec('PRAGMA journal_mode = WAL');
    } catch (error) {
      if ((error as { code?: string }).code !== 'SQLITE_BUSY' || Date.now() >= until) throw error;
    }
  }
}

const MOST_STATEMENTS = 500;

/** Keeps prepared statements, as preparing one costs more than running it. */
function preparingOnce(database: SqliteDatabase): SqliteDatabase {
  const statements = new Map<string, SqliteStatement>();
  return {
    close: () => database.close(),
    prepare(text) {
      let statement = statements.get(text);
      if (statement === undefined) {
        if (statements.size >= MOST_STATEMENTS) statements.clear();
        statements.set(text, (statement = database.prepare(text)));
      }
      return statement;
    },
  };
}

/**
 * Takes the write lock when a transaction begins. A deferred transaction that reads first and writes later fails at
 * once when another process wrote in between, instead of waiting for its turn.
 */
class ImmediateSqliteDialect extends SqliteDialect {
  override createDriver(): Driver {
    const driver = super.createDriver();
    driver.beginTransaction = async (connection: DatabaseConnection) => {
      await connection.executeQuery(CompiledQuery.raw('begin immediate'));
    };
    return driver;
  }

  /** SQLite can take back DDL: a migration is done whole or not at all, and reads what was done under the write lock. */
  override createAdapter(): DialectAdapter {
    return new TransactionalDdlAdapter();
  }
}

class TransactionalDdlAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}
