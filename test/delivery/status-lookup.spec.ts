import type { ServerResponse } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import type { OutboundMessage } from 'nestjs-whatsapp-twilio';
import { statusCallback } from 'nestjs-whatsapp-twilio/testing';
import { startFakeHttpServer, json } from '../support/fake-http-server';
import { Happenings } from '../support/happenings';
import { postSigned } from '../support/signed-webhook';
import { engines, useStorage } from '../support/storages';
import { TestClock } from '../support/test-clock';
import { startWhatsappHost, type WhatsappHost, type WhatsappHostOptions } from '../support/whatsapp-host';

const TO = '+15551230001';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe.each(engines)('On %s, of a message without callbacks Twilio is asked', (engine) => {
  const storage = useStorage(engine);
  const hosts: WhatsappHost[] = [];
  let host: WhatsappHost;
  let clock: TestClock;
  let begin: number;
  /** The SIDs that Twilio was asked for. */
  let lookups: Happenings<string>;

  async function start({ module, ...options }: WhatsappHostOptions = {}): Promise<WhatsappHost> {
    const started = await startWhatsappHost({
      clock,
      ...options,
      module: { storage: { url: storage.url }, publicUrl: undefined, ...module },
    });
    hosts.push(started);
    started.twilio.events.on('request', ({ method, kind, url }) => {
      if (kind === 'rest' && method === 'GET') lookups.add(/(\w+)\.json/.exec(url)![1]!);
    });
    return started;
  }

  beforeEach(() => {
    clock = new TestClock();
    begin = clock.now();
    lookups = new Happenings();
  });

  afterEach(async () => {
    for (const one of hosts.splice(0)) await one.close();
  });

  /** Twilio has these, each to another user, and says nothing more of them. */
  async function accepted(number: number): Promise<OutboundMessage[]> {
    const messages: OutboundMessage[] = [];
    // One after the other, as their order is that in which Twilio is asked for them.
    for (let index = 0; index < number; index++) {
      messages.push(await host.outbound.send({ to: `+1555200${1000 + index}`, text: 'Hi' }));
    }
    for (const message of messages) await host.recorder.reaches(message, 'accepted');
    return messages;
  }
  const silent = { emulator: { statusDelayMs: 24 * HOUR } };

  const stored = (id: string) =>
    host.db.selectFrom('outbound_messages').selectAll().where('id', '=', id).executeTakeFirstOrThrow();

  /** Resolves once the next check of this message is planned for then; null for never. */
  async function nextCheck({ id }: OutboundMessage, expected: number | null): Promise<void> {
    for (const limit = Date.now() + 5000; ; await setImmediate()) {
      const { check_at } = await stored(id);
      if (check_at === expected) return;
      if (Date.now() > limit) expect(check_at && check_at - begin).toBe(expected && expected - begin);
    }
  }

  it('ten minutes later, and what it says is merged and told', async () => {
    host = await start();
    await host.twilio.phone(TO).sends('Hello');
    const message = await host.outbound.send({ to: TO, text: 'Hi' });
    await host.recorder.reaches(message, 'accepted');
    await host.twilio.settles();
    expect(lookups.all).toEqual([]);
    await clock.reach(begin + 10 * MINUTE);
    await host.recorder.reaches(message, 'read');
    const { history, status } = (await host.outbound.get(message.id))!;
    expect([status, history.at(-1)]).toEqual(['read', { status: 'read', source: 'api', at: new Date(clock.now()) }]);
    await nextCheck(message, null);
  });

  it('and its error is explained', async () => {
    host = await start();
    await host.twilio.phone(TO).sends('Hello');
    host.twilio.faults({ delivery: { errorCode: 63024, status: 'undelivered' } });
    const message = await host.outbound.send({ to: TO, text: 'Hi' });
    await host.recorder.reaches(message, 'accepted');
    await host.twilio.settles();
    await clock.reach(begin + 10 * MINUTE);
    expect(await host.recorder.reaches(message, 'undelivered')).toMatchObject({ error: { code: 63024 } });
  });

  it('after growing times since the last report, and then no more', async () => {
    host = await start(silent);
    const [message] = (await accepted(1)) as [OutboundMessage];
    const times = [10 * MINUTE, 30 * MINUTE, 2 * HOUR, 8 * HOUR, 24 * HOUR];
    for (const [index, time] of times.entries()) {
      await nextCheck(message, begin + time);
      await reachByIdling(begin + time);
      await lookups.count(index + 1);
    }
    await nextCheck(message, null);
    expect(await stored(message.id)).toMatchObject({ status: 'accepted' });
    expect(lookups.all).toHaveLength(times.length);
  });

  /** The loop looks every ten minutes at the latest, and then waits for exactly what it found. */
  async function reachByIdling(time: number): Promise<void> {
    while (clock.now() < time) await clock.reach(Math.min(time, clock.now() + 10 * MINUTE));
  }

  it('ten minutes after a report, as of one that is sent', async () => {
    host = await start(silent);
    const [{ id }] = (await accepted(1)) as [OutboundMessage];
    const message = (await host.outbound.get(id))!;
    clock.advance(5 * MINUTE);
    await report('sent', message.sid!);
    await host.recorder.reaches(message, 'sent');
    await nextCheck(message, begin + 15 * MINUTE);
    expect(lookups.all).toEqual([]);
    await report('delivered', message.sid!);
    await host.recorder.reaches(message, 'delivered');
    await nextCheck(message, null);
  });

  async function report(status: 'sent' | 'delivered', sid: string, to = host): Promise<void> {
    const params = statusCallback(status, { AccountSid: to.twilio.accountSid, MessageSid: sid });
    const { accountSid: _, authToken: token } = to.twilio;
    await postSigned(`${to.url}/webhooks/whatsapp/twilio/status`, params, { token });
  }

  it('twenty times a minute at most', async () => {
    host = await start(silent);
    const messages = await accepted(25);
    await clock.reach(begin + 10 * MINUTE);
    await lookups.count(20);
    await nextCheck(messages[19]!, begin + 30 * MINUTE);
    await clock.reach(clock.now() + MINUTE);
    await clock.reach(clock.now() + MINUTE);
    await lookups.count(25);
    expect(new Set(lookups.all).size).toBe(25);
  });

  it('only while half of the budget is free, of which each look is a part', async () => {
    host = await start({ ...silent, module: { rateLimit: { rpm: 20 } } });
    const messages = await accepted(20);
    const before = clock.now() + 10 * MINUTE;
    // Six sends in the minute before.
    const slot = { account_sid: host.twilio.accountSid, priority: 'bulk' as const, at: before - 1 };
    await host.db
      .insertInto('send_slots')
      .values(Array.from({ length: 6 }, () => slot))
      .execute();
    await clock.reach(before);
    await lookups.count(4);
    await nextCheck(messages[3]!, begin + 30 * MINUTE);
    for (let index = 0; index < 12; index++) await host.outbound.send({ to: `+1555300${1000 + index}`, text: 'Hi' });
    const taken = () => host.recorder.updates.all.filter(({ status }) => status === 'accepted');
    await host.recorder.updates.until(() => new Set(taken().map(({ messageId }) => messageId)).size === 30);
    const waiting = await host.db.selectFrom('outbound_messages').select('id').where('status', '=', 'queued').execute();
    expect([lookups.all.length, waiting.length]).toEqual([4, 2]);
  });

  it('no more once it does not know the message, whose status stays', async () => {
    host = await start(silent);
    const [message] = (await accepted(1)) as [OutboundMessage];
    host.twilio.faults({ rest: { status: 404, code: 20404, calls: 'all' } });
    await clock.reach(begin + 10 * MINUTE);
    await nextCheck(message, null);
    expect(await stored(message.id)).toMatchObject({ status: 'accepted', error: null });
  });

  it.each([{ connection: 'reset' }, { status: 503 }, { status: 401, code: 20003 }] as const)(
    'again ten minutes after %j, and for two days at most',
    async (fault) => {
      host = await start(silent);
      const [message] = (await accepted(1)) as [OutboundMessage];
      host.twilio.faults({ rest: { ...fault, calls: 'all', times: 1000 } });
      for (const minutes of [10, 20, 30]) {
        await nextCheck(message, begin + minutes * MINUTE);
        await clock.reach(begin + minutes * MINUTE);
        await lookups.count(minutes / 10);
      }
      await nextCheck(message, begin + 40 * MINUTE);
      clock.advance('48h');
      await nextCheck(message, null);
      expect(await stored(message.id)).toMatchObject({ status: 'accepted', error: null });
    },
  );

  it('by one of several replicas', async () => {
    host = await start(silent);
    const messages = await accepted(5);
    const { accountSid, authToken, url, sender } = host.twilio;
    if (engine === 'postgres') {
      await start({ module: { accountSid, authToken, apiBaseUrl: url, fromNumber: sender } });
    }
    await clock.reach(begin + 10 * MINUTE);
    for (const message of messages) await nextCheck(message, begin + 30 * MINUTE);
    expect(lookups.all).toHaveLength(5);
  });
});

describe('A callback that comes while Twilio is asked', () => {
  const storage = useStorage('sqlite');

  it.each([200, 503])('is not undone by the answer, be it a %d', async (status) => {
    const clock = new TestClock();
    const asked = new Happenings<ServerResponse>();
    const sid = `SM${'1'.repeat(32)}`;
    const twilio = await startFakeHttpServer(({ method }, response) => {
      if (method === 'POST') json(response, 201, { sid, status: 'queued' });
      else asked.add(response);
    });
    const host = await startWhatsappHost({
      clock,
      module: { storage: { url: storage.url }, apiBaseUrl: twilio.origin },
    });
    const message = await host.outbound.send({ to: TO, text: 'Hi' });
    await host.recorder.reaches(message, 'accepted');
    await clock.reach(clock.now() + 10 * MINUTE);
    const response = await asked.first();
    const params = statusCallback('delivered', { AccountSid: host.twilio.accountSid, MessageSid: sid });
    await postSigned(`${host.url}/webhooks/whatsapp/twilio/status`, params, { token: host.twilio.authToken });
    json(response, status, { sid, status: 'sent' });
    await host.close(); // waits for what is under way
    await twilio.close();
    const again = await startWhatsappHost({ clock, module: { storage: { url: storage.url } } });
    const row = await again.db.selectFrom('outbound_messages').selectAll().executeTakeFirstOrThrow();
    await again.close();
    expect(row).toMatchObject({ status: 'delivered', check_at: null });
  });
});
