import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely';
import { DatabaseClock } from '../../src/whatsapp-twilio/storage/database-clock';
import type { Database } from '../../src/whatsapp-twilio/storage/database';
import type { Schema } from '../../src/whatsapp-twilio/storage/schema';
import { systemClock } from '../../src/common/clock';

describe('The clock of the database', () => {
  let clock: DatabaseClock;
  /** The system's time, which stands still but for what a question takes. */
  let now: number;

  beforeEach(() => {
    clock = new DatabaseClock();
    now = 1_000_000;
    jest.spyOn(systemClock, 'now').mockImplementation(() => now);
  });
  afterEach(() => jest.restoreAllMocks());

  /** Asks a database whose clock is ahead by this much, and which takes this long to hear the question and to answer. */
  async function ask(aheadMs: number, [thereMs, backMs]: readonly [number, number]): Promise<number> {
    await clock.synchronise(
      answering(() => {
        const theirs = (now += thereMs) + aheadMs;
        now += backMs;
        return { now: String(theirs) };
      }),
    );
    return clock.now() - now;
  }

  it('is ours, and what it was found to be ahead', async () => {
    expect(await ask(5000, [2, 2])).toBe(5000);
    expect(await ask(-5000, [2, 2])).toBe(-5000);
  });

  it('is not put out of step by an answer that was held up', async () => {
    await ask(5000, [1, 1]);
    expect(await ask(5000, [0, 800])).toBe(5000);
    expect(await ask(5000, [800, 0])).toBe(5000);
  });

  it('is known better with each quicker answer', async () => {
    expect(await ask(5000, [0, 800])).not.toBe(5000);
    expect(await ask(5000, [1, 1])).toBe(5000);
  });

  it('is believed when it was changed, however long the answer took', async () => {
    await ask(0, [1, 1]);
    expect(await ask(60_000, [400, 400])).toBe(60_000);
  });
});

/** A database that answers each question with this row. */
function answering(answer: () => unknown): Database {
  class Driver extends DummyDriver {
    override async acquireConnection() {
      const connection = await super.acquireConnection();
      return Object.assign(connection, { executeQuery: () => Promise.resolve({ rows: [answer()] }) });
    }
  }
  return new Kysely<Schema>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new Driver(),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  });
}
