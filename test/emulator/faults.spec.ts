import { connect } from 'node:net';
import { ManualClock } from '../../src/common/manual-clock';
import { TwilioEmulator } from '../../src/emulator';
import { type Bench, startBench, twiml } from './bench';
import { stopsAfterEach } from './stops-after-each';

describe('REST faults', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await startBench({ enforceWindow: false });
  });
  afterEach(() => bench.stop());

  const create = () =>
    bench.client.messages.create({ from: bench.twilio.sender, to: 'whatsapp:+15551230001', body: 'hello' });

  it('refuse as often as they say, and then no more', async () => {
    bench.twilio.faults({ rest: { status: 429, retryAfter: 2, times: 2 } });
    await expect(create()).rejects.toMatchObject({ status: 429, code: 20429 });
    expect(bench.client.httpClient.lastResponse?.headers).toMatchObject({ 'retry-after': '2' });
    await expect(create()).rejects.toMatchObject({ status: 429 });
    await expect(create()).resolves.toMatchObject({ status: 'queued' });
    expect(bench.twilio.messages).toHaveLength(1);
  });

  it('leave other calls alone, unless they are for all', async () => {
    bench.twilio.faults({ rest: { status: 500 } });
    await expect(bench.client.messages.list()).resolves.toEqual([]);
    await expect(create()).rejects.toMatchObject({ status: 500, code: 20500 });
    bench.twilio.faults({ rest: { status: 503, calls: 'all' } });
    await expect(bench.client.messages.list()).rejects.toMatchObject({ status: 503 });
  });

  it('can fail after the message was made', async () => {
    bench.twilio.faults({ rest: { status: 500, afterAccept: true } });
    await expect(create()).rejects.toMatchObject({ status: 500 });
    await bench.twilio.settles();
    expect(bench.twilio.messages).toMatchObject([{ body: 'hello', status: 'read' }]);
  });

  it('can cut the connection, before the message is made or after', async () => {
    bench.twilio.faults({ rest: { connection: 'reset' } });
    await expect(create()).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(bench.twilio.messages).toEqual([]);
    bench.twilio.faults({ rest: { connection: 'reset', afterAccept: true } });
    await expect(create()).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(bench.twilio.messages).toHaveLength(1);
  });

  it('can leave the caller waiting', async () => {
    bench.twilio.faults({ rest: { connection: 'hang', afterAccept: true } });
    const made = new Promise((resolve) => {
      bench.twilio.events.once('message', resolve);
    });
    const stopped = made.then(() => bench.twilio.stop());
    await expect(create()).rejects.toMatchObject({ code: 'ECONNRESET' });
    await stopped;
  });

  it('can answer with a page of HTML', async () => {
    bench.twilio.faults({ rest: { status: 503, html: true } });
    await expect(create()).rejects.toMatchObject({ status: 503 });
  });
});

describe('A local Twilio', () => {
  const started = stopsAfterEach();

  it('leaves nothing behind when it stops: port, webhooks and timers', async () => {
    const bench = started(await startBench({ statusDelayMs: 60_000 }));
    const asked = new Promise<void>((resolve) => {
      bench.answer = () => resolve();
    });
    const outcome = bench.twilio.phone('+15551230001').sends('hi');
    await asked;
    await bench.client.messages.create({ from: bench.twilio.sender, to: 'whatsapp:+15551230001', body: 'hello' });
    await bench.stop();
    expect((await outcome).status).toBeUndefined();
    const port = Number(new URL(bench.twilio.url).port);
    const refused = await new Promise((resolve) => {
      connect(port, '127.0.0.1').on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    });
    expect(refused).toBe('ECONNREFUSED');
  });

  it('takes no message further once it has stopped', async () => {
    const clock = new ManualClock('2026-01-01T00:00:00Z');
    const bench = started(await startBench({ clock, enforceWindow: false }));
    await bench.client.messages.create({ from: bench.twilio.sender, to: 'whatsapp:+15551230001', body: 'hello' });
    await bench.stop();
    clock.advance('1m');
    expect(bench.twilio.messages[0]?.status).toBe('queued');
  });

  it('repeats itself for a seed, and only then', async () => {
    const [one, same, other] = await Promise.all(
      [1, 1, undefined].map(async (seed) => started(await TwilioEmulator.start(seed ? { seed } : {}))),
    );
    expect(same?.accountSid).toBe(one?.accountSid);
    expect(other?.accountSid).not.toBe(one?.accountSid);
  });

  it('repeats a whole run for a seed: SIDs, trouble and webhooks, whatever was under way at the same time', async () => {
    const first = await runOf(9, 0);
    expect(first.answers).toContain('20429');
    expect(await runOf(9, 4)).toEqual(first);
  });

  it.each([[{ accountSid: 'AC1' }], [{ sender: '+15550006789' }]])('does not start with %j', async (options) => {
    await expect(TwilioEmulator.start(options)).rejects.toThrow(RangeError);
  });

  it('says when its port is taken', async () => {
    const first = started(await TwilioEmulator.start());
    await expect(TwilioEmulator.start({ port: Number(new URL(first.url).port) })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
  });
});

/** A conversation in trouble; webhooks take their time, in each run another. */
async function runOf(seed: number, jitter: number) {
  const one = await startBench({ seed, enforceWindow: false });
  one.answer = (_request, response) => void setTimeout(() => twiml(response), jitter * (one.inbound().length % 3));
  const rates = { 429: 0.2, undelivered: 0.2, callbackRepeated: 0.3, callbackLost: 0.1, inboundRepeated: 0.3 };
  one.twilio.faults({ rates });
  const answers: string[] = [];
  for (let round = 0; round < 12; round++) {
    const sending = one.client.messages.create({
      from: one.twilio.sender,
      to: 'whatsapp:+15551230001',
      body: `m${round}`,
    });
    answers.push(await sending.then(({ sid }) => sid).catch(({ code }) => String(code)));
    await one.twilio.phone('+15551230001').sends(`t${round}`);
    await one.twilio.settles();
  }
  const told = [...one.inbound(), ...one.callbacks()].map(
    (form) => `${form.get('MessageSid')} ${form.get('SmsStatus')}`,
  );
  await one.stop();
  return { answers, told: told.toSorted() };
}
