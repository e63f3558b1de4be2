import { sql } from 'kysely';
import { join } from 'node:path';
import { connectDatabase, type Database, openDatabase } from '../../src/whatsapp-twilio/storage/database';
import { migrate } from '../../src/whatsapp-twilio/storage/migrations';
import { runInChildProcess } from '../support/child-process';
import { useStorage } from '../support/storages';
import { useTemporaryFolder } from '../support/temporary-folder';

async function tablesOf(db: Database): Promise<string[]> {
  const tables = await db.introspection.getTables();
  return tables.map(({ name }) => name).toSorted();
}

const MIGRATIONS = [
  '0001_first_tables',
  '0002_connections',
  '0003_service',
  '0004_pace',
  '0005_backlog',
  '0006_trace',
  '0007_retries',
  '0008_queues',
];

async function migrationsOf(db: Database): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`select name from whatsapp_twilio_migrations order by name`.execute(db);
  return rows.map(({ name }) => name);
}

describe('The tables', () => {
  const folder = useTemporaryFolder();
  const url = () => `sqlite:${folder.file('storage.db')}`;

  it('are made when the storage is opened', async () => {
    const db = await openDatabase('sqlite::memory:');
    expect(await tablesOf(db)).toEqual([
      'api_usage',
      'connection_events',
      'connection_rotations',
      'connections',
      'conversations',
      'early_callbacks',
      'event_deliveries',
      'event_positions',
      'events',
      'inbound_messages',
      'message_events',
      'outbound_messages',
      'send_slots',
      'sender_rests',
      'whatsapp_twilio_migrations',
      'whatsapp_twilio_migrations_lock',
      'workers',
    ]);
    await db.destroy();
  });

  it('stay as they are, with all that is in them, when it is opened again', async () => {
    let db = await openDatabase(url());
    await db.insertInto('send_slots').values({ account_sid: 'AC', priority: 'bulk', at: 1 }).execute();
    await migrate(db);
    await db.destroy();
    db = await openDatabase(url());
    expect(await db.selectFrom('send_slots').select('at').execute()).toEqual([{ at: 1 }]);
    await db.destroy();
  });

  it('are made once by processes that start together on a new file', async () => {
    const startAt = String(Date.now() + 1000);
    const child = join(__dirname, 'migrate-in-child.ts');
    await Promise.all([1, 2, 3].map(() => runInChildProcess(child, url(), startAt)));
    const db = await openDatabase(url());
    expect(await migrationsOf(db)).toEqual(MIGRATIONS);
    await db.destroy();
  });

  it('are not touched in a file that is no database, which is an error', async () => {
    await expect(openDatabase(`sqlite:${__filename}`)).rejects.toThrow(/not a database/);
  });
});

describe('The tables on PostgreSQL', () => {
  const storage = useStorage('postgres');

  it('are made once by replicas that start together', async () => {
    const dbs = await Promise.all(Array.from({ length: 5 }, () => openDatabase(storage.url)));
    expect(await migrationsOf(dbs[0]!)).toEqual(MIGRATIONS);
    await Promise.all(dbs.map((db) => db.destroy()));
  });

  it('are made however long that takes, whatever the limit of other statements', async () => {
    const db = connectDatabase(storage.url);
    const waiting = sql<{ count: number }>`
      select count(*) as count from pg_stat_activity
      where query like 'create table "conversations"%' and wait_event_type = 'Lock'
        and clock_timestamp() - query_start > interval '300 ms'`;
    let opening: Promise<Database> | undefined;
    const another = db.transaction().execute(async (trx) => {
      await sql`create table conversations (id text)`.execute(trx); // its name is taken until this ends
      opening = openDatabase(`${storage.url}?statement_timeout=100`);
      opening.catch(() => {});
      while ((await waiting.execute(db)).rows[0]!.count === 0);
      throw new Error('taken back');
    });
    await expect(another).rejects.toThrow('taken back');
    const opened = await opening!;
    expect(await migrationsOf(opened)).toEqual(MIGRATIONS);
    await opened.destroy();
    await db.destroy();
  });
});
