import type { ServerResponse } from 'node:http';
import type { OutboundMessage } from 'nestjs-whatsapp-twilio';
import { json, startFakeHttpServer, type FakeHttpServer } from '../support/fake-http-server';
import { Happenings } from '../support/happenings';
import { TestClock } from '../support/test-clock';
import { startWhatsappHost, type WhatsappHost } from '../support/whatsapp-host';

interface Call {
  readonly body: string;
  readonly response: ServerResponse;
}

const MINUTE = 60_000;
/** For the difference of two replicas' clocks. */
const MARGIN = 100;
const seconds = (number: number) => number * 1000;

/** A Twilio that answers only when the test says so, and a budget of two a minute. */
describe('A slot of the budget', () => {
  let api: FakeHttpServer;
  let calls: Happenings<Call>;
  let host: WhatsappHost;
  let clock: TestClock;
  let begin: number;
  let sids = 0;

  beforeEach(async () => {
    calls = new Happenings();
    api = await startFakeHttpServer(({ method, body }, response) => {
      if (method === 'GET') json(response, 200, { messages: [] });
      else calls.add({ body: new URLSearchParams(body).get('Body') ?? '', response });
    });
    clock = new TestClock();
    begin = clock.now();
    host = await startWhatsappHost({
      clock,
      module: { apiBaseUrl: api.origin, publicUrl: undefined, rateLimit: { rpm: 2 } },
    });
  });

  afterEach(async () => {
    for (const { response } of calls.all) response.destroy();
    await host.close();
    await api.close();
  });

  let users = 0;
  const send = (text: string) => host.outbound.send({ to: `+1555123${1000 + users++}`, text });
  const called = (body: string, time = 1) =>
    calls.until(() => calls.all.filter((call) => call.body === body).length >= time);
  const last = (body: string) => calls.all.findLast((call) => call.body === body)!;

  async function take(message: OutboundMessage, body: string): Promise<void> {
    json(last(body).response, 201, { sid: `SM${(sids++).toString(16).padStart(32, '0')}`, status: 'queued' });
    await host.recorder.reaches(message, 'accepted');
  }

  async function refuse(message: OutboundMessage, body: string, tries = 1): Promise<void> {
    json(last(body).response, 429, { code: 20429, message: 'Too Many Requests' }, { 'retry-after': '1' });
    await host.recorder.reaches(message, 'queued', tries);
  }

  it('is free a minute after its request was answered, also where that took long', async () => {
    const [slow, fast] = [await send('slow'), await send('fast')];
    await Promise.all([called('slow'), called('fast')]);
    await take(fast, 'fast');
    await send('next');
    await send('after next');
    clock.advance(seconds(4));
    await take(slow, 'slow');
    await clock.reach(begin + MINUTE + MARGIN);
    await called('next');
    await clock.reach(begin + seconds(4) + MINUTE + MARGIN);
    await called('after next');
    expect(calls.all).toHaveLength(4);
  });

  it('is free a minute after its request can have arrived at the latest, where no answer came', async () => {
    const [silent, answered] = [await send('silent'), await send('answered')];
    await Promise.all([called('silent'), called('answered')]);
    clock.advance(seconds(3));
    await take(answered, 'answered');
    await send('next');
    await clock.reach(begin + seconds(15));
    await host.recorder.reaches(silent, 'unknown');
    for (const after of [1, 2, 4, 8, 15]) await clock.reach(begin + seconds(15 + after)); // it is looked for
    await host.recorder.reaches(silent, 'queued');
    await clock.reach(begin + seconds(1) + MINUTE + MARGIN);
    await called('silent', 2);
    expect(calls.all).toHaveLength(3);
  });

  it('goes first to what was tried already, as its conversation has waited for it', async () => {
    const [early, tried] = [await send('early'), await send('tried')];
    await Promise.all([called('early'), called('tried')]);
    await refuse(tried, 'tried');
    await take(early, 'early');
    for (const text of ['one', 'two', 'three']) await send(text);
    await clock.reach(begin + seconds(1));
    await clock.reach(begin + MINUTE + MARGIN);
    await called('tried', 2);
    await calls.count(4);
    expect(calls.all.map(({ body }) => body).slice(2)).toEqual(expect.arrayContaining(['tried', 'one']));
  });

  it('goes to others in turn once a message was refused four times', async () => {
    const tried = await send('tried');
    // As soon as Twilio's Retry-After is over, and a slot is free.
    for (const [index, times] of [[0], [1], [2, 60.1], [61.1]].entries()) {
      for (const time of times) if (time > 0) await clock.reach(begin + seconds(time));
      await called('tried', index + 1);
      await refuse(tried, 'tried', index + 1);
    }
    const one = await send('one');
    await send('two');
    await clock.reach(begin + seconds(62.1));
    await clock.reach(begin + seconds(120.2));
    await called('one');
    await take(one, 'one');
    await clock.reach(begin + seconds(121.2));
    await called('two');
    expect(calls.all.map(({ body }) => body)).toEqual(['tried', 'tried', 'tried', 'tried', 'one', 'two']);
  });
});
