import { CompiledQuery, type DatabaseConnection, type Driver, SqliteDialect, type SqliteDatabase } from 'kysely';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * SQLite through libsql, which has better-sqlite3's interface and ships its binaries in registry packages. Loaded only
 * when a `sqlite:` URL is used.
 */
export function sqliteDialect(url: string): SqliteDialect {
  const path = url.slice('sqlite:'.length);
  return new ImmediateSqliteDialect({
    database: () => openDatabase(path),
  });
}

async function openDatabase(path: string): Promise<SqliteDatabase> {
  const { default: Database } = await import('libsql');
  if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true });
  const database = new Database(path);
  // FULL, because NORMAL loses acknowledged rows at a power cut when the journal is a WAL.
  for (const pragma of ['journal_mode = WAL', 'synchronous = FULL', 'busy_timeout = 5000']) {
    database.exec(`PRAGMA ${pragma}`);
  }
  return database as unknown as SqliteDatabase;
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
}
