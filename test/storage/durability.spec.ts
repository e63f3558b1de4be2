import { sql } from 'kysely';
import { existsSync } from 'node:fs';
import { openDatabase } from '../../src/whatsapp-twilio/storage/database';
import { openStorage } from '../../src/whatsapp-twilio/storage/storage';
import { useTemporaryFolder } from '../support/temporary-folder';

const FULL = 2;

describe('A storage file', () => {
  const folder = useTemporaryFolder();

  it('flushes each commit to disk before it is acknowledged, over a write-ahead log', async () => {
    const db = await openDatabase(`sqlite:${folder.file('storage.db')}`);
    expect((await sql`pragma synchronous`.execute(db)).rows).toEqual([{ synchronous: FULL }]);
    expect((await sql`pragma journal_mode`.execute(db)).rows).toEqual([{ journal_mode: 'wal' }]);
    await db.destroy();
  });

  it('is made, and the folders it stands in', async () => {
    const db = await openDatabase(`sqlite:${folder.file('some/where/storage.db')}`);
    await db.destroy();
    expect(existsSync(folder.file('some/where/storage.db'))).toBe(true);
  });

  it('is opened once by those in one process who name it, and closed by the last', async () => {
    const url = `sqlite:${folder.file('storage.db')}`;
    const [one, other] = await Promise.all([openStorage(url), openStorage(`sqlite:${folder.path}/./storage.db`)]);
    expect(other.db).toBe(one.db);
    await one.close();
    await one.close();
    await sql`select 1`.execute(other.db);
    await other.close();
    await expect(sql`select 1`.execute(other.db)).rejects.toThrow(/destroyed/);

    const again = await openStorage(url);
    await sql`select 1`.execute(again.db);
    await again.close();
  });

  it('that could not be opened is tried anew', async () => {
    const url = `sqlite:${folder.path}`;
    await expect(openStorage(url)).rejects.toThrow(/unable to open|is a directory/i);
    await expect(openStorage(url)).rejects.toThrow(/unable to open|is a directory/i);
  });
});

describe('A storage in memory', () => {
  it('belongs to whoever opened it', async () => {
    const [one, other] = await Promise.all([openStorage('sqlite::memory:'), openStorage('sqlite::memory:')]);
    expect(other.db).not.toBe(one.db);
    await Promise.all([one.close(), other.close()]);
  });
});
