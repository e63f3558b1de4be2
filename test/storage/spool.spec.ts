import { sql } from 'kysely';
import { writeFileSync } from 'node:fs';
import { Spool } from '../../src/whatsapp-twilio/storage/spool';
import { useTemporaryFolder } from '../support/temporary-folder';

describe('The spool', () => {
  const folder = useTemporaryFolder();
  let spool: Spool;

  beforeEach(async () => {
    spool = await Spool.open(folder.file('made/for/it/spool.db'));
  });

  afterEach(() => spool.close());

  const inside = async () => (await spool.oldest(1000)).map(({ webhook }) => webhook);

  async function reopen(): Promise<void> {
    await spool.close();
    spool = await Spool.open(folder.file('made/for/it/spool.db'));
  }

  it('gives back what came together in the order it came, also after a restart', async () => {
    const webhooks = Array.from({ length: 500 }, (_, index) => `${index}`);
    await Promise.all(webhooks.map((webhook) => spool.add(webhook)));
    expect(await inside()).toEqual(webhooks);
    await reopen();
    expect(spool.size).toBe(500);
    await spool.add('500');
    expect(await inside()).toEqual([...webhooks, '500']);
    expect((await spool.oldest(2)).map(({ webhook }) => webhook)).toEqual(['0', '1']);
  });

  it('counts what is just being added', async () => {
    const adding = spool.add('a');
    expect(spool.size).toBe(1);
    await adding;
    await spool.remove(await spool.oldest(1));
    expect(spool.size).toBe(0);
    expect(await inside()).toEqual([]);
  });

  it('does not count what could not be added', async () => {
    await spool.close();
    await expect(spool.add('a')).rejects.toThrow();
    await expect(spool.check()).rejects.toThrow();
    expect(spool.size).toBe(0);
    await reopen();
  });

  it('keeps what was set aside out of the way until the next start', async () => {
    await Promise.all(['poisoned', 'good'].map((webhook) => spool.add(webhook)));
    await spool.setAside((await spool.oldest(1))[0]!);
    expect(await inside()).toEqual(['good']);
    expect(spool.size).toBe(1);
    await reopen();
    expect(await inside()).toEqual(['poisoned', 'good']);
    expect(spool.size).toBe(2);
  });

  it('belongs to one at a time', async () => {
    await expect(Spool.open(folder.file('made/for/it/spool.db'))).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('storage.spoolPath (SPOOL_PATH) names a file that is in use'),
    });
    await spool.add('still mine');
    await spool.check();
    expect(await inside()).toEqual(['still mine']);
  });

  it('is not made of a file that is something else', async () => {
    writeFileSync(folder.file('text'), 'This is no database, and it is long enough to be sure of that.'.repeat(20));
    for (const path of [folder.file('text'), folder.path]) {
      await expect(Spool.open(path)).rejects.toThrow(/SPOOL_PATH\) names a file that cannot be used: /);
    }
  });

  it('flushes each addition to disk before it is acknowledged', async () => {
    const { db } = spool as unknown as { db: Parameters<ReturnType<typeof sql>['execute']>[0] };
    expect((await sql`pragma synchronous`.execute(db)).rows).toEqual([{ synchronous: 2 }]);
    expect((await sql`pragma journal_mode`.execute(db)).rows).toEqual([{ journal_mode: 'wal' }]);
  });

  it('erases what was set aside when it is old enough, and nothing that still waits', async () => {
    for (const receivedAt of [1000, 2000, 3000]) await spool.add(JSON.stringify({ receivedAt }));
    const [first, second] = await spool.oldest(2);
    await spool.setAside(first!);
    await spool.setAside(second!);
    await spool.eraseSetAside(2000);
    await reopen();
    expect(await inside()).toEqual(['{"receivedAt":2000}', '{"receivedAt":3000}']);
  });
});
