import { type Database, openDatabase } from '../../src/whatsapp-twilio/storage/database';
import type { DatabaseTransaction } from '../../src/whatsapp-twilio/storage/database';
import { GroupCommit } from '../../src/whatsapp-twilio/storage/group-commit';
import { useTemporaryFolder } from '../support/temporary-folder';

describe('Writes that arrive together', () => {
  const folder = useTemporaryFolder();
  let db: Database;
  let another: Database;
  let transactions: Set<DatabaseTransaction>;
  let commits: GroupCommit;

  beforeEach(async () => {
    const url = `sqlite:${folder.file('storage.db')}`;
    db = await openDatabase(url);
    another = await openDatabase(url);
    transactions = new Set();
    commits = new GroupCommit(db);
  });

  function submit(at: number): Promise<string> {
    return commits.run(async (trx) => {
      transactions.add(trx);
      await trx.insertInto('send_slots').values({ account_sid: 'AC', priority: 'bulk', at }).execute();
      if (at < 0) throw new Error(`${at} is poisoned`);
      return `stored ${at}`;
    });
  }

  afterEach(async () => {
    await db.destroy();
    await another.destroy();
  });

  /** What somebody else sees in the file: only what is committed. */
  async function stored(): Promise<number[]> {
    const rows = await another.selectFrom('send_slots').select('at').orderBy('seq').execute();
    return rows.map(({ at }) => at);
  }

  it('share a transaction, keep their order, and each gets its own result', async () => {
    const numbers = Array.from({ length: 150 }, (_, index) => index);
    const results = await Promise.all(numbers.map((number) => submit(number)));
    expect(results).toEqual(numbers.map((number) => `stored ${number}`));
    expect(await stored()).toEqual(numbers);
    expect(transactions.size).toBe(1);
  });

  it('are committed, for all the world to see, before their callers go on', async () => {
    const seen = await Promise.all(
      [1, 2, 3].map(async (number) => {
        await submit(number);
        return (await stored()).includes(number);
      }),
    );
    expect(seen).toEqual([true, true, true]);
  });

  it('harm no other when one fails, which leaves nothing behind', async () => {
    const outcomes = await Promise.allSettled([1, 2, -3, 4, 5].map((number) => submit(number)));
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
    expect(outcomes[2]).toMatchObject({ reason: new Error('-3 is poisoned') });
    expect(await stored()).toEqual([1, 2, 4, 5]);
  });

  it('go on after one that failed alone', async () => {
    await expect(submit(-1)).rejects.toThrow('poisoned');
    await expect(submit(2)).resolves.toBe('stored 2');
  });

  it('fail when the storage is gone, each of them', async () => {
    await db.destroy();
    const outcomes = await Promise.allSettled([1, 2, 3].map((number) => submit(number)));
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  });
});
