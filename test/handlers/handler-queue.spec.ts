import { type Database, openDatabase } from '../../src/whatsapp-twilio/storage/database';
import { WorkQueue } from '../../src/whatsapp-twilio/storage/work-queue';
import { Happenings } from '../support/happenings';
import { useTemporaryFolder } from '../support/temporary-folder';
import { TestClock } from '../support/test-clock';
import { arrives, createWorker, results, rowOf, type WorkerOptions } from './worker';

const LEASE_MS = 30_000;

describe('The queue of messages for the handlers', () => {
  const folder = useTemporaryFolder();
  let db: Database;
  let clock: TestClock;
  let started: Happenings<string>;
  let release: Map<string, () => void>;
  const workers: ReturnType<typeof createWorker>[] = [];

  beforeEach(async () => {
    db = await openDatabase(`sqlite:${folder.file('storage.db')}`);
    clock = new TestClock();
    started = new Happenings();
    release = new Map();
  });

  afterEach(async () => {
    for (const free of release.values()) free();
    await Promise.all(workers.splice(0).map(({ queue }) => queue.stop()));
    await db.destroy();
  });

  const start = (options: Partial<WorkerOptions> & Pick<WorkerOptions, 'handlers'>) => {
    const worker = createWorker({ db, clock, ...options });
    workers.push(worker);
    worker.queue.start();
    return worker;
  };
  /** A handler that is under way until the test releases it. */
  const held = ({ message_sid: sid }: { message_sid: string }) => {
    started.add(sid);
    return new Promise<void>((resolve) => release.set(sid, resolve));
  };
  const message = (sid: string, conversation = 'ana', params?: string) =>
    arrives(db, sid, conversation, clock.now(), params);

  it('hands on the messages of a conversation in order, one at a time, and those of others meanwhile', async () => {
    for (const [sid, conversation] of [
      ['a1', 'ana'],
      ['a2', 'ana'],
      ['b1', 'ben'],
    ] as const)
      await message(sid, conversation);
    const worker = start({ handlers: { held } });
    await started.count(2);
    expect(started.all).toEqual(['a1', 'b1']);
    release.get('b1')!();
    await worker.finished('b1');
    expect(started.all).toEqual(['a1', 'b1']);
    release.get('a1')!();
    await started.first((sid) => sid === 'a2');
    expect(await rowOf(db, 'a1')).toMatchObject({ state: 'done', due_at: null, finished_at: clock.now() });
  });

  it('works on as many conversations at once as it may', async () => {
    for (const sid of ['a', 'b', 'c']) await message(sid, sid);
    start({ handlers: { held }, concurrency: 2 });
    await started.count(2);
    expect(await rowOf(db, 'c')).toMatchObject({ attempts: 0 });
    release.get('a')!();
    await started.first((sid) => sid === 'c');
  });

  it('takes up what arrives later when it is woken', async () => {
    const worker = start({ handlers: { held } });
    await message('a1');
    worker.queue.wake();
    await started.first();
  });

  it('runs all handlers of a message, and only the one that failed again, after growing delays with some chance', async () => {
    const calls: string[] = [];
    let failing = 3;
    await message('a1');
    const draws = [0, 0.5, 1];
    const worker = start({
      random: () => draws.shift()!,
      handlers: {
        first: () => void calls.push('first'),
        second() {
          calls.push('second');
          if (failing-- > 0) throw new Error('not now');
        },
        third: () => void calls.push('third'),
      },
    });
    const waits: number[] = [];
    for (let attempt = 1; attempt <= 3; attempt++) {
      await worker.failures.count(attempt);
      const { handlers, retryAt } = worker.failures.all.at(-1)!;
      expect(handlers).toEqual(['second']);
      waits.push(retryAt! - clock.now());
      await clock.reach(retryAt!);
    }
    await worker.finished('a1');
    // Half of 1, 2 and 4 seconds, and as much of the other half as was drawn.
    expect(waits).toEqual([500, 1500, 4000]);
    expect(calls).toEqual(['first', 'second', 'third', 'second', 'second', 'second']);
    expect(await rowOf(db, 'a1')).toMatchObject({ state: 'done', attempts: 4, failure: null });
  });

  it('keeps later messages of the conversation behind one that is tried again', async () => {
    await message('a1');
    await message('a2');
    let fail = true;
    const worker = start({
      handlers: {
        flaky({ message_sid: sid }) {
          started.add(sid);
          if (fail) throw new Error('not now');
        },
      },
    });
    const { retryAt } = await worker.failures.first();
    fail = false;
    await clock.reach(retryAt!);
    await worker.finished('a2');
    expect(started.all).toEqual(['a1', 'a1', 'a2']);
  });

  it('gives a message up after its last try as a dead letter, and the conversation goes on', async () => {
    await message('a1');
    await message('a2');
    const worker = start({
      maxAttempts: 2,
      handlers: {
        picky({ message_sid: sid }) {
          if (sid === 'a1') throw new TypeError('cannot read this');
        },
      },
    });
    const { retryAt } = await worker.failures.first();
    await clock.reach(retryAt!);
    await worker.finished('a2');
    expect(worker.failures.all.map((failure) => failure.retryAt !== undefined)).toEqual([true, false]);
    expect(await rowOf(db, 'a1')).toMatchObject({
      state: 'dead',
      attempts: 2,
      due_at: null,
      failure: 'picky: TypeError: cannot read this',
      finished_at: clock.now(),
    });
  });

  it('gives up a message that cannot be read, too', async () => {
    await message('a1', 'ana', 'unreadable');
    await message('a2');
    const worker = start({ maxAttempts: 1, handlers: { good: () => {} } });
    await worker.finished('a2');
    expect(await rowOf(db, 'a1')).toMatchObject({ state: 'dead', failure: 'reading: Error: unreadable' });
  });

  it('gives up a message whose every try was cut off, as one that ends the process each time', async () => {
    await message('a1');
    const crashing = new WorkQueue(db, 'inbound_messages', 'default');
    for (let attempt = 1; attempt <= 3; attempt++) await crashing.claim(1, clock.now(), clock.now());
    const worker = start({ maxAttempts: 3, handlers: { deadly: () => started.add('ran') } });
    await worker.finished('a1');
    expect(started.all).toEqual([]);
    expect(await rowOf(db, 'a1')).toMatchObject({ state: 'dead', failure: expect.stringContaining('cut off') });
  });

  it('stores what a handler returned together with the note that it is done', async () => {
    await message('a1');
    const worker = start({ handlers: { replies: () => 7 } });
    await worker.finished('a1');
    expect(await results(db)).toEqual([7]);
    expect(worker.kept()).toBe(1);
    expect(await rowOf(db, 'a1')).toMatchObject({ done_handlers: '["replies"]' });
  });

  it('counts a handler whose result cannot be stored as failed, and stores nothing of it', async () => {
    await message('a1');
    const worker = start({ handlers: { replies: () => Number.MAX_SAFE_INTEGER } });
    const { handlers, errors } = await worker.failures.first();
    expect({ handlers, errors }).toEqual({ handlers: ['replies'], errors: [new Error('cannot be kept')] });
    expect(await results(db)).toEqual([]);
    expect(await rowOf(db, 'a1')).toMatchObject({ state: 'pending', done_handlers: '[]' });
  });

  it('counts a handler that does not come back in time as failed, and drops what it returns later', async () => {
    await message('a1');
    const worker = start({
      timeoutMs: 5000,
      handlers: {
        async slow(row) {
          await held(row);
          return 7;
        },
      },
    });
    await started.first();
    await clock.reach(clock.now() + 5000);
    const { errors, retryAt } = await worker.failures.first();
    expect(errors).toMatchObject([{ code: 'HANDLER_TIMEOUT', message: expect.stringContaining('5000 ms') }]);
    release.get('a1')!();
    await clock.reach(retryAt!);
    await started.count(2);
    expect(await results(db)).toEqual([]);
  });

  it('keeps a message as its own while its handler runs, however long that takes', async () => {
    await message('a1');
    const worker = start({ handlers: { held } });
    await started.first();
    const other = new WorkQueue(db, 'inbound_messages', 'default');
    for (let beat = 1; beat <= 9; beat++) {
      clock.advance(LEASE_MS / 3);
      await worker.rows.extensions.count(beat);
      expect(await other.claim(1, clock.now(), clock.now() + LEASE_MS)).toEqual([]);
    }
    release.get('a1')!();
    await worker.finished('a1');
    expect(await rowOf(db, 'a1')).toMatchObject({ state: 'done', attempts: 1 });
  });

  it('keeps a message as its own also after the process stood still for longer than a lease', async () => {
    await message('a1');
    const worker = start({ timeoutMs: 20 * LEASE_MS, handlers: { held } });
    await started.first();
    clock.advance(10 * LEASE_MS);
    await message('b1', 'ben');
    worker.queue.wake();
    await started.first((sid) => sid === 'b1');
    expect(started.all).toEqual(['a1', 'b1']);
    release.get('a1')!();
    await worker.finished('a1');
    expect(await rowOf(db, 'a1')).toMatchObject({ state: 'done', attempts: 1 });
  });

  it('does not use what a handler returns after its message was taken over by another process', async () => {
    await message('a1');
    const stuck = start({
      clock: new TestClock(), // stands still: this process sends no heartbeat
      handlers: {
        async slow(row) {
          await held(row);
          return 1;
        },
      },
    });
    await started.first();

    const otherDb = await openDatabase(`sqlite:${folder.file('storage.db')}`);
    clock.advance(LEASE_MS + 1000);
    const other = createWorker({ db: otherDb, clock, handlers: { slow: () => 2 } });
    other.queue.start();
    await other.finished('a1');
    await other.queue.stop();
    await otherDb.destroy();

    release.get('a1')!();
    await stuck.queue.stop();
    expect(await results(db)).toEqual([2]);
    expect(await rowOf(db, 'a1')).toMatchObject({ state: 'done', attempts: 2 });
    expect([stuck.kept(), stuck.failures.all, stuck.errors.all]).toEqual([0, [], []]);
  });

  it('finishes what is under way when it stops, and begins nothing more', async () => {
    await message('a1');
    const worker = start({ handlers: { held } });
    await started.first();
    await message('b1', 'ben');
    const stopped = worker.queue.stop();
    worker.queue.wake();
    release.get('a1')!();
    await stopped;
    expect(await rowOf(db, 'a1')).toMatchObject({ state: 'done' });
    expect(await rowOf(db, 'b1')).toMatchObject({ state: 'pending', attempts: 0 });
    expect(started.all).toEqual(['a1']);
  });

  it('takes up after a restart what a process left when it crashed, once its lease is over', async () => {
    await message('a1');
    await new WorkQueue(db, 'inbound_messages', 'default').claim(1, clock.now(), clock.now() + LEASE_MS);
    await db.destroy();

    db = await openDatabase(`sqlite:${folder.file('storage.db')}`);
    const worker = start({ handlers: { replies: () => 7 } });
    await clock.reach(clock.now() + LEASE_MS);
    await worker.finished('a1');
    expect(await rowOf(db, 'a1')).toMatchObject({ state: 'done', attempts: 2 });
    expect(await results(db)).toEqual([7]);
  });

  it('looks again after a pause when the storage fails', async () => {
    await message('a1');
    const worker = createWorker({ db, clock, handlers: { good: () => {} } });
    workers.push(worker);
    jest.spyOn(worker.rows, 'claim').mockRejectedValueOnce(new Error('disk'));
    worker.queue.start();
    await worker.errors.first();
    expect(worker.errors.all).toEqual([new Error('disk')]);
    await clock.reach(clock.now() + 250);
    await worker.finished('a1');
  });

  it('leaves the messages of other connections alone', async () => {
    await message('a1');
    await db.updateTable('inbound_messages').set({ scope: 'other' }).execute();
    await message('b1', 'ben');
    const worker = start({ handlers: { held: ({ message_sid: sid }) => started.add(sid) } });
    await worker.finished('b1');
    expect(started.all).toEqual(['b1']);
  });
});
