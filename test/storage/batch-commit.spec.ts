import { BatchCommit } from '../../src/whatsapp-twilio/storage/batch-commit';
import { type Database, openDatabase } from '../../src/whatsapp-twilio/storage/database';

describe('Writes of one kind that arrive together', () => {
  let db: Database;
  let batches: number[][];
  let commits: BatchCommit<number>;

  beforeEach(async () => {
    db = await openDatabase('sqlite::memory:');
    batches = [];
    commits = new BatchCommit(db, String, async (trx, numbers) => {
      batches.push([...numbers]);
      for (const at of numbers) {
        await trx.insertInto('send_slots').values({ account_sid: 'AC', priority: 'bulk', at }).execute();
        if (at < 0) throw new Error(`${at} is poisoned`);
      }
    });
  });

  afterEach(() => db.destroy());

  async function stored(): Promise<number[]> {
    const rows = await db.selectFrom('send_slots').select('at').orderBy('seq').execute();
    return rows.map(({ at }) => at);
  }

  it('are done at once, in the order they came, but not too many at a time', async () => {
    const numbers = Array.from({ length: 450 }, (_, index) => index);
    await Promise.all(numbers.map((number) => commits.add(number)));
    expect(await stored()).toEqual(numbers);
    expect(batches.map(({ length }) => length)).toEqual([200, 200, 50]);
  });

  it('are done one by one when one of them fails, which harms no other', async () => {
    const outcomes = await Promise.allSettled([1, -2, 3].map((number) => commits.add(number)));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await stored()).toEqual([1, 3]);
    await commits.add(4);
    expect(await stored()).toEqual([1, 3, 4]);
  });
});
