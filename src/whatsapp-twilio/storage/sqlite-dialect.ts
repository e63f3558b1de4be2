import {
  CompiledQuery,
  type DatabaseConnection,
  type DialectAdapter,
  type Driver,
  SqliteAdapter,
  SqliteDialect,
  type SqliteDatabase,
} from 'kysely';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * SQLite through libsql, which has better-sqlite3's interface and ships its binaries in registry packages. Loaded only
 * when a `sqlite:` URL is used.
 */
export function sqliteDialect(url: string): SqliteDialect {
  return new ImmediateSqliteDialect({
    database: () => openDatabase(sqliteFileOf(url)),
  });
}

/** The path that the URL names; `undefined` for a database in memory. */
export function sqliteFileOf(url: string): string | undefined {
  const path = url.slice('sqlite:'.length);
  return path === ':memory:' ? undefined : path;
}

async function openDatabase(file: string | undefined): Promise<SqliteDatabase> {
  const { default: Database } = await import('libsql');
  if (file !== undefined) mkdirSync(dirname(file), { recursive: true });
  const database = new Database(file ?? ':memory:');
  // The patience first, as the switch to a WAL needs a lock too. FULL, because NORMAL loses acknowledged rows at a power
  // cut when the journal is a WAL.
  for (const pragma of ['busy_timeout = 5000', 'journal_mode = WAL', 'synchronous = FULL']) {
    database.exec(`PRAGMA ${pragma}`);
  }
  return database;
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
