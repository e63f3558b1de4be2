import { type Database, openDatabase } from '../../src/whatsapp-twilio/storage/database';
import { WorkQueue } from '../../src/whatsapp-twilio/storage/work-queue';
import { Workers } from '../../src/whatsapp-twilio/storage/workers';
import { HandlerQueue } from '../../src/whatsapp-twilio/handlers/handler-queue';
import { arrives, rowOf } from '../handlers/worker';
import { Happenings } from '../support/happenings';
import { TestClock } from '../support/test-clock';

describe('After an outage', () => {
  let db: Database;
  let clock: TestClock;

  beforeEach(async () => {
    db = await openDatabase('sqlite::memory:');
    clock = new TestClock();
  });

  afterEach(() => db.destroy());

  it('a process gives the others time to say that they live before it takes over from them', async () => {
    await arrives(db, 'a1', 'ana', clock.now());
    await new WorkQueue(db, 'inbound_messages', 'default', 'other').claim(1, clock.now(), clock.now() + 30_000);
    await db.insertInto('workers').values({ id: 'other', beat_at: clock.now() }).execute();
    const beats = new Happenings<number>();
    let isAway = false;
    const workers = new Workers({
      db,
      clock,
      id: 'ours',
      onRecovered: () => {},
      onBeat() {
        beats.add(clock.now());
        return isAway ? Promise.reject(new Error('away')) : Promise.resolve();
      },
      onError: () => {},
    });
    const beat = async () => {
      const count = beats.all.length;
      await clock.reach(clock.now() + 2000);
      await beats.count(count + 1);
    };
    workers.start();
    await beats.count(1);
    isAway = true;
    for (let silent = 2; silent <= 8; silent += 2) await beat();
    isAway = false;
    for (let silent = 10; silent <= 14; silent += 2) await beat();
    expect(await rowOf(db, 'a1')).toMatchObject({ owner: 'other' });
    await beat();
    expect(await rowOf(db, 'a1')).toMatchObject({ owner: null, due_at: clock.now() });
    await workers.stop();
  });

  it.each(['claim', 'nextDueAt'] as const)('a row whose %s was not answered is taken up at once', async (lost) => {
    let isCut = true;
    const cut = () => {
      if (isCut) throw Object.assign(new Error('cut'), { code: 'ECONNRESET' });
    };
    class CutQueue extends WorkQueue<'inbound_messages'> {
      override async claim(limit: number, now: number, leaseUntil: number) {
        const rows = await super.claim(limit, now, leaseUntil);
        if (lost === 'claim') cut();
        return rows;
      }
      override async nextDueAt(now: number) {
        if (lost === 'nextDueAt') cut();
        return super.nextDueAt(now);
      }
    }
    const handled = new Happenings<string>();
    const errors = new Happenings<unknown>();
    const queue = new HandlerQueue<'inbound_messages', void>(new CutQueue(db, 'inbound_messages', 'default', 'ours'), {
      db,
      clock,
      random: () => 1,
      settings: { concurrency: 20, timeoutMs: 1000, maxAttempts: 8, retryDelayMs: 1000 },
      keyOf: () => '',
      tasksOf: (row) => Promise.resolve([{ name: 'handler', run: () => handled.add(row.message_sid) }]),
      keep: () => Promise.resolve(),
      onFailure: () => {},
      onError: (error) => errors.add(error),
    });
    await arrives(db, 'a1', 'ana', clock.now());
    queue.start();
    await errors.count(1);
    isCut = false;
    queue.wake();
    await handled.count(1);
    await queue.stop();
    expect(await rowOf(db, 'a1')).toMatchObject({ state: 'done', attempts: 2 });
  });
});
