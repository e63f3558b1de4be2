import { existsSync } from 'node:fs';
import { sql } from 'kysely';
import { openStorage } from '../../src/whatsapp-twilio/storage/storage';
import { freePort } from '../support/free-port';
import { type PostgresServer, startPostgres } from '../support/postgres';
import { useTemporaryFolder } from '../support/temporary-folder';
import { TestClock } from '../support/test-clock';

describe('A start without a spool', () => {
  let clock: TestClock;
  let waiting: string[];

  beforeEach(() => {
    clock = new TestClock();
    waiting = [];
  });

  const open = (url: string, spoolPath?: string) =>
    openStorage(url, { spoolPath, outside: { clock, random: () => 1 }, onWaiting: (reason) => waiting.push(reason) });

  it('waits ten seconds for PostgreSQL, and says why; then fails, and says what to check, but no password', async () => {
    const begun = clock.now();
    const opening = open(`postgres://app:a-secret@127.0.0.1:${await freePort()}/app`);
    opening.catch(() => {});
    for (const pause of [250, 500, 1000, 2000, 2000, 2000, 2000, 250]) await clock.reach(clock.now() + pause);
    const error = (await opening.catch((reason: unknown) => reason)) as Error;
    expect(clock.now() - begun).toBe(10_000);
    expect(error).toMatchObject({ code: 'STORAGE_UNREACHABLE', retryable: true });
    expect(error.message).toMatch(/^PostgreSQL cannot be reached: connect ECONNREFUSED .*DATABASE_URL/);
    expect(error.message).not.toContain('a-secret');
    expect(waiting).toEqual([expect.stringContaining('ECONNREFUSED')]);
  });

  describe('on a server', () => {
    const folder = useTemporaryFolder();
    let postgres: PostgresServer;

    beforeAll(async () => {
      postgres = await startPostgres();
    });

    afterAll(() => postgres.remove());

    it('goes on as soon as PostgreSQL is there', async () => {
      await postgres.stop();
      const opening = open(postgres.url);
      opening.catch(() => {});
      await clock.reach(clock.now() + 250);
      await postgres.start();
      await clock.reach(clock.now() + 500);
      const storage = await opening;
      await sql`select 1 from conversations`.execute(storage.db);
      await storage.close();
    });

    it('does not wait where that would not help, be there a spool or not', async () => {
      const url = postgres.url.replace(/\/postgres$/, '/nowhere');
      const spoolPath = folder.file('spool.db');
      await expect(open(url)).rejects.toMatchObject({ code: '3D000' });
      await expect(open(url, spoolPath)).rejects.toMatchObject({ code: '3D000' });
      expect(waiting).toEqual([]);
      // The spool is free again.
      expect(existsSync(spoolPath)).toBe(true);
      await (await open(postgres.url, spoolPath)).close();
    });
  });
});
