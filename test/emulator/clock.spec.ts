import { ManualClock } from '../../src/common/manual-clock';
import { TwilioEmulator } from '../../src/emulator';
import { OffsetClock } from '../../src/emulator/offset-clock';
import { type Bench, startBench } from './bench';
import { stopsAfterEach } from './stops-after-each';

describe('A clock that is moved ahead of another', () => {
  it('fires what is due on the way, in order, each at its time, and nothing else', () => {
    const base = new ManualClock(1000);
    const clock = new OffsetClock(base);
    const fired: [string, number][] = [];
    const at = (name: string, delayMs: number) => clock.setTimeout(() => fired.push([name, clock.now()]), delayMs);
    at('late', 500);
    at('early', 100);
    at('never', 50)();
    clock.setTimeout(() => at('added', 100), 200);
    clock.advance(400);
    expect(fired).toEqual([
      ['early', 1100],
      ['added', 1300],
    ]);
    expect([clock.now(), base.now()]).toEqual([1400, 1000]);
    base.advance(100);
    expect(fired.at(-1)).toEqual(['late', 1500]);
  });

  it('waits for more than the 25 days that a timer of Node can', () => {
    // The base fires early, as Node does.
    const base = new ManualClock(0);
    const short = {
      now: () => base.now(),
      setTimeout: (f: () => void, ms: number) => base.setTimeout(f, Math.min(ms, 100)),
    };
    const clock = new OffsetClock(short);
    let fired = 0;
    clock.setTimeout(() => (fired += 1), 250);
    base.advance(249);
    expect(fired).toBe(0);
    base.advance(1);
    expect(fired).toBe(1);
  });
});

describe('Time travel', () => {
  const started = stopsAfterEach();
  let bench: Bench;
  beforeEach(async () => {
    bench = await startBench();
  });
  afterEach(() => bench.stop());

  it('closes the 24-hour window without waiting', async () => {
    const phone = bench.twilio.phone('+15551230001');
    await phone.sends('hi');
    const send = async () => {
      const { sid } = await bench.client.messages.create({
        from: bench.twilio.sender,
        to: phone.address,
        body: 'hello',
      });
      await bench.twilio.settles();
      return (await bench.client.messages(sid).fetch()).errorCode;
    };
    expect(await send()).toBeNull();
    bench.twilio.clock.advance('25h');
    expect(await send()).toBe(63016);
    expect(bench.twilio.clock.now() - Date.now()).toBeGreaterThan(24 * 3_600_000);
  });

  it('sends what is scheduled meanwhile', async () => {
    const messagingServiceSid = bench.twilio.messagingService();
    await bench.twilio.phone('+15551230001').sends('hi');
    await bench.client.messages.create({
      messagingServiceSid,
      to: 'whatsapp:+15551230001',
      body: 'later',
      scheduleType: 'fixed',
      sendAt: new Date(Date.now() + 3_600_000),
    });
    bench.twilio.clock.advance('2h');
    expect((await bench.twilio.phone('+15551230001').receives()).body).toBe('later');
  });

  it('does not end a webhook that is under way', async () => {
    let answer: (() => void) | undefined;
    const asked = new Promise<void>((resolve) => {
      bench.answer = (_request, response) => {
        answer = () => response.writeHead(204).end();
        resolve();
      };
    });
    const outcome = bench.twilio.phone('+15551230001').sends('hi');
    await asked;
    bench.twilio.clock.advance('1h');
    answer?.();
    expect(await outcome).toMatchObject({ status: 204, alerts: [] });
  });

  it('moves a clock that can be moved by itself', async () => {
    const clock = new ManualClock('2026-01-01T00:00:00Z');
    const twilio = started(await TwilioEmulator.start({ clock }));
    twilio.clock.advance('1d');
    expect(clock.now()).toBe(Date.parse('2026-01-02T00:00:00Z'));
  });
});
