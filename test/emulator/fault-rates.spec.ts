import { once } from 'node:events';
import { ManualClock } from '../../src/common/manual-clock';
import type { Faults } from '../../src/emulator';
import { type Bench, startBench } from './bench';
import { stopsAfterEach } from './stops-after-each';

const USER = 'whatsapp:+15551230001';

const create = (which: Bench) => which.client.messages.create({ from: which.twilio.sender, to: USER, body: 'hello' });

const run = async (which: Bench, times: number) => {
  const statuses: number[] = [];
  for (let index = 0; index < times; index += 1) {
    statuses.push(
      await create(which).then(
        () => 201,
        (error: { status: number }) => error.status,
      ),
    );
  }
  return statuses;
};

describe('Fault rates', () => {
  const started = stopsAfterEach();
  let bench: Bench;
  afterEach(() => bench.stop());

  it('strike as often as they say, and in the same way for the same seed', async () => {
    const faults: Faults = { rates: { 429: 0.3, 503: 0.1 }, retryAfter: 2 };
    bench = await startBench({ seed: 42, enforceWindow: false });
    const other = started(await startBench({ seed: 42, enforceWindow: false }));
    bench.twilio.faults(faults);
    other.twilio.faults(faults);
    const statuses = await run(bench, 100);
    expect(await run(other, 100)).toEqual(statuses);
    const share = (status: number) => statuses.filter((one) => one === status).length;
    expect(share(429)).toBeGreaterThan(15);
    expect(share(429)).toBeLessThan(45);
    expect(share(503)).toBeGreaterThan(1);
    expect(bench.twilio.messages).toHaveLength(share(201));
    const refused = bench.twilio.requests.find(({ status }) => status === 429);
    expect(refused?.answer?.body).toContain('20429');
  });

  it('can be certain, and end when they are taken back', async () => {
    bench = await startBench({ enforceWindow: false });
    bench.twilio.faults({ rates: { errorAfterAccept: 1 } });
    expect(await run(bench, 2)).toEqual([500, 500]);
    expect(bench.twilio.messages).toHaveLength(2);
    bench.twilio.faults({ rates: { 429: 1 }, retryAfter: 7 });
    expect(await run(bench, 1)).toEqual([429]);
    expect(bench.client.httpClient.lastResponse?.headers).toMatchObject({ 'retry-after': '7' });
    bench.twilio.faults({ rates: { reset: 1 } });
    await expect(create(bench)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(bench.twilio.messages).toHaveLength(2);
    bench.twilio.faults({ rates: { resetAfterAccept: 1 } });
    await expect(create(bench)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(bench.twilio.messages).toHaveLength(3);
    bench.twilio.faults({});
    expect(await run(bench, 1)).toEqual([201]);
  });

  it.each([
    ['timeout', 0],
    ['timeoutAfterAccept', 1],
  ] as const)('leave the caller waiting: %s', async (rate, made) => {
    bench = await startBench({ enforceWindow: false });
    bench.twilio.faults({ rates: { [rate]: 1 } });
    const asked = once(bench.twilio.events, 'request');
    const answer = create(bench).catch((error: { code: string }) => error.code);
    expect((await asked)[0]).not.toHaveProperty('status');
    expect(bench.twilio.messages).toHaveLength(made);
    await bench.twilio.stop();
    expect(await answer).toBe('ECONNRESET');
  });

  it('strike one after the other as a script says', async () => {
    bench = await startBench({ enforceWindow: false });
    bench.twilio.faults({ rest: [{ status: 429, times: 2 }, { status: 500 }, { status: 503, afterAccept: true }] });
    expect(await run(bench, 5)).toEqual([429, 429, 500, 503, 201]);
    expect(bench.twilio.messages).toHaveLength(2);
  });

  it('can answer late', async () => {
    const clock = new ManualClock('2026-01-01T00:00:00Z');
    bench = await startBench({ clock, enforceWindow: false });
    bench.twilio.faults({ rates: { slow: 1 }, slowMs: 3000 });
    const made = new Promise((resolve) => {
      bench.twilio.events.once('message', resolve);
    });
    let answered = false;
    const answer = create(bench).then(() => (answered = true));
    await made;
    // The message is there, and its answer is not: it waits for the clock.
    await bench.client.messages.list();
    expect(answered).toBe(false);
    clock.advance(3000);
    await answer;
  });

  it('lose, repeat, shuffle and delay callbacks', async () => {
    bench = await startBench({ enforceWindow: false });
    const statuses = async (rates: Faults['rates']) => {
      bench.app.requests.length = 0;
      bench.twilio.faults({ rates: rates ?? {}, callbackDelayMs: 1 });
      await create(bench);
      await bench.twilio.settles();
      return bench.callbacks().map((callback) => callback.get('MessageStatus'));
    };
    expect(await statuses({ callbackLost: 1 })).toEqual([]);
    expect(await statuses({ callbackRepeated: 1 })).toEqual(['sent', 'sent', 'delivered', 'delivered', 'read', 'read']);
    expect(await statuses({ callbackShuffled: 1 })).toEqual(['delivered', 'sent', 'read']);
    expect((await statuses({ callbackDelayed: 1 })).toSorted()).toEqual(['delivered', 'read', 'sent']);
  });

  it('let messages fail on their way', async () => {
    bench = await startBench({ enforceWindow: false });
    const outcome = async (rates: Faults['rates']) => {
      bench.twilio.faults({ rates: rates ?? {} });
      const { sid } = await create(bench);
      await bench.twilio.settles();
      const { status, errorCode } = await bench.client.messages(sid).fetch();
      return [status, errorCode];
    };
    expect(await outcome({ failed: 1 })).toEqual(['failed', 63012]);
    expect(await outcome({ undelivered: 1 })).toEqual(['undelivered', 63024]);
  });

  it('bring an inbound message twice, with one idempotency token, and obey the second answer', async () => {
    bench = await startBench();
    bench.twilio.faults({ rates: { inboundRepeated: 1 } });
    bench.answer = (_request, response) =>
      response.writeHead(200, { 'content-type': 'text/xml' }).end('<Response><Message>hello</Message></Response>');
    const outcome = await bench.twilio.phone('+15551230001').sends('hi');
    expect(bench.inbound()).toHaveLength(2);
    expect(new Set(bench.inbound().map((form) => form.get('MessageSid'))).size).toBe(1);
    const tokens = bench.app.requests.map(({ headers }) => headers['i-twilio-idempotency-token']);
    expect(new Set(tokens).size).toBe(1);
    expect(outcome.replies).toHaveLength(1);
  });

  it.each([
    [{ rates: { 200: 0.5 } }, /no rate 200/],
    [{ rates: { lost: 0.5 } }, /no rate lost/],
    [{ rates: { 429: 2 } }, /rates.429 is not from 0 to 1/],
    [{ rest: {} }, /neither a status/],
    [{ rest: [{ status: 302 }] }, /status is not a whole number from 400 to 599/],
    [{ delivery: {} }, /errorCode is missing/],
    [{ callbacks: 'eat' }, /none of duplicate, shuffle, delay, lose/],
    [{ rate: {} }, /faults has no rate\b/],
  ])('are refused when they are none: %j', async (faults, message) => {
    bench = await startBench();
    expect(() => bench.twilio.faults(faults as Faults)).toThrow(message);
  });
});
