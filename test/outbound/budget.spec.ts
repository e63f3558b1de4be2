import type { OutboundMessage } from 'nestjs-whatsapp-twilio';
import { Happenings } from '../support/happenings';
import { TestClock } from '../support/test-clock';
import { startWhatsappHost, type WhatsappHost } from '../support/whatsapp-host';

const RPM = 20;
const MINUTE = 60_000;
/** A slot is free again a moment after its minute, so that Twilio counts no more than we do. */
const FREE_AGAIN = MINUTE + 100;
/** So long before that, bulk counts it as free. */
const SOON = 4000;

describe(`With a budget of ${RPM} sends a minute`, () => {
  let host: WhatsappHost;
  let clock: TestClock;
  let begin: number;
  /** The time of each request, by our clock, and which message it was. */
  let sent: Happenings<{ at: number; body: string }>;
  let users = 0;

  beforeEach(async () => {
    clock = new TestClock();
    begin = clock.now();
    host = await startWhatsappHost({ clock, module: { rateLimit: { rpm: RPM }, publicUrl: undefined } });
    sent = new Happenings();
    host.twilio.events.on('request', ({ parameters }) => {
      sent.add({ at: clock.now() - begin, body: String(parameters['Body']) });
    });
  });

  afterEach(() => host.close());

  /** To a user each, so that no conversation's order holds anything up. */
  function send(number: number, priority: 'conversation' | 'bulk' = 'conversation'): Promise<OutboundMessage[]> {
    return Promise.all(
      Array.from({ length: number }, () =>
        host.outbound.send({ to: `+1555200${String(users++ % 10_000).padStart(4, '0')}`, text: priority, priority }),
      ),
    );
  }

  /** Twilio has this many, and each answer is stored. */
  async function taken(number: number): Promise<void> {
    await host.recorder.updates.until(
      () => host.recorder.updates.all.filter(({ status }) => status === 'accepted').length >= number,
    );
    expect(sent.all).toHaveLength(number);
  }

  const sentAt = (time: number) => sent.all.filter(({ at }) => at === time).length;

  function expectWithinBudget(): void {
    const times = sent.all.map(({ at }) => at).toSorted((a, b) => a - b);
    for (let index = RPM; index < times.length; index++) {
      expect(times[index]! - times[index - RPM]!).toBeGreaterThan(MINUTE);
    }
  }

  it('a burst goes out at once as far as the budget reaches, and on as soon as it is free again', async () => {
    await send(50);
    await taken(20);
    await clock.reach(begin + FREE_AGAIN);
    await taken(40);
    await clock.reach(begin + 2 * FREE_AGAIN);
    await taken(50);
    expect([0, FREE_AGAIN, 2 * FREE_AGAIN].map(sentAt)).toEqual([20, 20, 10]);
    expectWithinBudget();
  });

  it('no sliding minute has more, and none is left unused while something is due', async () => {
    await send(5);
    await taken(5);
    clock.advance(10_000);
    await send(40);
    await taken(20);
    clock.advance(15_000);
    await send(3);
    await clock.reach(begin + FREE_AGAIN);
    await taken(25);
    await clock.reach(begin + 10_000 + FREE_AGAIN);
    await taken(40);
    await clock.reach(begin + 2 * FREE_AGAIN);
    await taken(45);
    await clock.reach(begin + 10_000 + 2 * FREE_AGAIN);
    await taken(48);
    expectWithinBudget();
  });

  it('replies go before bulk, which still gets a tenth of every minute', async () => {
    await send(20);
    await taken(20);
    await send(60, 'bulk');
    await send(60);
    await clock.reach(begin + FREE_AGAIN);
    await taken(40);
    await clock.reach(begin + 2 * FREE_AGAIN);
    await taken(60);
    for (const minute of [1, 2]) {
      const bodies = sent.all.filter(({ at }) => at === minute * FREE_AGAIN).map(({ body }) => body);
      expect(bodies.filter((body) => body === 'bulk')).toHaveLength(RPM / 10);
    }
  });

  it('bulk leaves a tenth of it to replies, which need not wait for the next minute', async () => {
    await send(30, 'bulk');
    await taken(18);
    await send(2);
    await taken(20);
    await clock.reach(begin + FREE_AGAIN);
    await taken(32);
  });

  it('bulk alone uses all of it, its last tenth when some of the minute is about to be free again', async () => {
    await send(60, 'bulk');
    await taken(18);
    await clock.reach(begin + FREE_AGAIN - SOON);
    await taken(20);
    await clock.reach(begin + FREE_AGAIN);
    await taken(36);
    await clock.reach(begin + 2 * (FREE_AGAIN - SOON));
    await taken(38);
    await clock.reach(begin + 2 * FREE_AGAIN - SOON);
    await taken(40);
    expectWithinBudget();
  });

  it('replies behind any number of bulk messages leave within four seconds, also when their minute is used up', async () => {
    await send(60, 'bulk');
    await taken(18);
    await clock.reach(begin + FREE_AGAIN - SOON);
    await taken(20);
    await send(RPM / 10);
    await clock.reach(begin + FREE_AGAIN);
    await host.recorder.updates.until(() => sent.all.filter(({ body }) => body === 'conversation').length === RPM / 10);
    expectWithinBudget();
  });

  it('bulk gets its tenth also while replies use each place the moment it is free', async () => {
    for (let second = 0; second < RPM; second++) {
      await send(1);
      await taken(second + 1);
      clock.advance(1000);
    }
    await send(40);
    await send(10, 'bulk');
    for (let freed = 1; freed <= RPM; freed++) {
      await clock.reach(begin + FREE_AGAIN + (freed - 1) * 1000);
      await taken(RPM + freed);
    }
    expect(sent.all.filter(({ body }) => body === 'bulk')).toHaveLength(RPM / 10);
  });

  it('a try that Twilio refused counts too', async () => {
    host.twilio.faults({ rest: { status: 429, times: 2 } });
    await send(20);
    await host.recorder.updates.until(
      () => host.recorder.updates.all.filter(({ status }) => status === 'accepted').length === 18,
    );
    await clock.reach(begin + 500); // the pause before the next try
    await clock.reach(begin + FREE_AGAIN);
    await host.recorder.updates.until(
      () => host.recorder.updates.all.filter(({ status }) => status === 'accepted').length === 20,
    );
    expect([0, FREE_AGAIN].map(sentAt)).toEqual([20, 2]);
  });
});
