import { sql } from 'kysely';
import { ManualClock } from '../../src/common/manual-clock';
import { connectDatabase, type Database, openDatabase } from '../../src/whatsapp-twilio/storage/database';
import { groupCommitOf } from '../../src/whatsapp-twilio/storage/group-commit';
import { PreparedStatements } from '../../src/whatsapp-twilio/storage/prepared-statements';
import { StorageReach } from '../../src/whatsapp-twilio/storage/storage-reach';
import { useStorage } from '../support/storages';

describe('A name for a statement', () => {
  it('is given at its fifth use, and stays', () => {
    const statements = new PreparedStatements();
    const names = Array.from({ length: 7 }, () => statements.nameOf('select $1'));
    expect(names.slice(0, 4)).toEqual([undefined, undefined, undefined, undefined]);
    expect(names[4]).toMatch(/^whatsapp_twilio_\d+$/);
    expect(new Set(names.slice(4)).size).toBe(1);
  });

  it('is its own, and there are at most two hundred', () => {
    const statements = new PreparedStatements();
    const texts = Array.from({ length: 300 }, (_, index) => `select ${index}, $1`);
    const names = texts.map((text) => Array.from({ length: 5 }, () => statements.nameOf(text)).at(-1));
    expect(new Set(names.slice(0, 200)).size).toBe(200);
    expect(names.slice(200)).toEqual(Array.from({ length: 100 }, () => undefined));
  });

  it('is not given to one for many rows', () => {
    const statements = new PreparedStatements();
    const names = Array.from({ length: 9 }, () => statements.nameOf(`insert ${'($1), '.repeat(500)}`));
    expect(new Set(names)).toEqual(new Set([undefined]));
  });

  it('is given up where connections are shared with others', () => {
    const statements = new PreparedStatements();
    for (let use = 0; use < 5; use++) statements.nameOf('select $1');
    expect(statements.isToBlame({ code: '23505' })).toBe(false);
    expect(statements.nameOf('select $1')).toBeDefined();
    expect(statements.isToBlame({ code: '26000' })).toBe(true);
    expect(statements.nameOf('select $1')).toBeUndefined();
  });
});

describe('On PostgreSQL, statements that come again', () => {
  const storage = useStorage('postgres');
  let db: Database;

  beforeEach(async () => {
    await (await openDatabase(storage.url)).destroy();
    const outside = { clock: new ManualClock(), random: () => 0.5 };
    db = connectDatabase(storage.url, new StorageReach({ ...outside, probe: () => Promise.resolve() }));
  });
  afterEach(() => db.destroy());

  const read = () => db.selectFrom('send_slots').selectAll().where('account_sid', '=', 'AC').execute();
  const write = (at: number) =>
    groupCommitOf(db).run((trx) =>
      trx.insertInto('send_slots').values({ account_sid: 'AC', priority: 'bulk', at }).returningAll().execute(),
    );
  const prepared = async () => {
    const { rows } = await sql<{ count: number }>`select count(*) as count from pg_prepared_statements`.execute(db);
    return rows[0]!.count;
  };

  async function warmUp(): Promise<void> {
    for (let at = 0; at < 6; at++) {
      await write(at);
      await read();
    }
    expect(await prepared()).toBe(2);
  }

  it('are prepared', warmUp);

  it('go on when another replica, of a newer version, has changed the table', async () => {
    await warmUp();
    await sql`alter table send_slots add column news text`.execute(db);
    await expect(read()).resolves.toHaveLength(6);
    await sql`alter table send_slots add column more text`.execute(db);
    await expect(write(6)).resolves.toMatchObject([{ at: 6 }]);
    await expect(read()).resolves.toHaveLength(7);
  });

  it('go on without being prepared where a pooler hands the connection to others', async () => {
    await warmUp();
    await sql`deallocate all`.execute(db);
    await expect(write(6)).resolves.toMatchObject([{ at: 6 }]);
    await expect(read()).resolves.toHaveLength(7);
    for (let at = 7; at < 20; at++) await write(at);
    expect(await prepared()).toBe(0);
  });
});
