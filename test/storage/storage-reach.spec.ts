import { StorageUnreachableError } from '../../src/whatsapp-twilio/storage/connection-error';
import { StorageReach } from '../../src/whatsapp-twilio/storage/storage-reach';
import { Happenings } from '../support/happenings';
import { TestClock } from '../support/test-clock';

const refused = (text = 'connect ECONNREFUSED') => Object.assign(new Error(text), { code: 'ECONNREFUSED' });

describe('The reach of the storage', () => {
  let clock: TestClock;
  let reach: StorageReach;
  /** What the next probes end with: the last one again and again. */
  let answers: (Error | undefined)[];
  let probes: number;
  let heard: Happenings<string>;

  beforeEach(() => {
    clock = new TestClock();
    answers = [undefined];
    probes = 0;
    heard = new Happenings();
    reach = new StorageReach({
      clock,
      random: () => 1,
      probe() {
        probes++;
        const answer = answers.length > 1 ? answers.shift() : answers[0];
        return answer === undefined ? Promise.resolve() : Promise.reject(answer);
      },
    });
    reach.watch({ away: ({ reason }) => heard.add(`away: ${reason}`), back: () => heard.add('back') });
  });

  afterEach(() => reach.stop());

  /** A connection fails, and so does the next. */
  async function goAway(): Promise<void> {
    answers = [refused()];
    reach.failed(refused());
    await heard.count(1);
  }

  it('is not in question while nothing fails, nor by an error that is about something else', async () => {
    reach.failed(Object.assign(new Error('duplicate key'), { code: '23505' }));
    await reach.ready();
    expect(probes).toBe(0);
  });

  it('is not lost with one connection, and those who ask meanwhile wait for that answer', async () => {
    reach.failed(refused());
    reach.failed(refused());
    await reach.ready();
    expect(probes).toBe(1);
    expect(heard.all).toEqual([]);
  });

  it('is lost when a new connection fails too, and then is known at once', async () => {
    answers = [refused()];
    reach.failed(refused());
    const asked = reach.ready();
    await expect(asked).rejects.toThrow(StorageUnreachableError);
    await expect(reach.ready()).rejects.toMatchObject({ code: 'STORAGE_UNREACHABLE', retryable: true });
    expect(probes).toBe(1);
    expect(heard.all).toEqual(['away: connect ECONNREFUSED']);
    expect(reach.outage).toEqual({ since: clock.now(), reason: 'connect ECONNREFUSED' });
  });

  it('is looked for with pauses that grow from 250 ms to 5 s, and said to be lost once', async () => {
    await goAway();
    for (const pause of [250, 500, 1000, 2000, 4000, 5000, 5000]) await clock.reach(clock.now() + pause);
    await expect(reach.ready()).rejects.toThrow(StorageUnreachableError);
    expect(heard.all).toHaveLength(1);
  });

  it('is found again, begins anew, and wakes who waits', async () => {
    await goAway();
    const waiting = reach.whenBack();
    answers = [refused(), undefined];
    await clock.reach(clock.now() + 250);
    await clock.reach(clock.now() + 500);
    await heard.count(2);
    await waiting;
    await reach.ready();
    expect(heard.all).toEqual(['away: connect ECONNREFUSED', 'back']);
    expect(reach.outage).toBeUndefined();

    answers = [refused()];
    reach.failed(refused());
    await heard.count(3);
    await clock.reach(clock.now() + 250);
  });

  it('is said to be lost again when waiting alone would not mend it', async () => {
    await goAway();
    answers = [refused('another address'), Object.assign(new Error('password failed'), { code: '28P01' })];
    await clock.reach(clock.now() + 250);
    await clock.reach(clock.now() + 500);
    await heard.count(2);
    await clock.reach(clock.now() + 1000);
    expect(heard.all).toEqual(['away: connect ECONNREFUSED', 'away: password failed']);
  });

  it('may be missing at the start, but not for a reason that stays', async () => {
    answers = [Object.assign(new Error('password failed'), { code: '28P01' })];
    await expect(reach.begin()).rejects.toThrow('password failed');
    expect(reach.outage).toBeUndefined();
    answers = [refused()];
    await reach.begin();
    expect(reach.outage).toMatchObject({ reason: 'connect ECONNREFUSED' });
  });

  it('is waited for no longer when the process ends', async () => {
    await goAway();
    const waiting = reach.whenBack();
    reach.endWaiting();
    await expect(waiting).rejects.toThrow(StorageUnreachableError);
    await expect(reach.whenBack()).rejects.toThrow(StorageUnreachableError);
  });

  it('is not looked for any more after it was stopped', async () => {
    await goAway();
    reach.stop();
    clock.advance('1h');
    reach.failed(refused());
    expect(probes).toBe(1);
  });
});
