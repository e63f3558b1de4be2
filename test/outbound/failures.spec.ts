import { TwilioEmulator } from 'nestjs-whatsapp-twilio/emulator';
import type { OutboundMessage } from 'nestjs-whatsapp-twilio';
import { freePort } from '../support/free-port';
import { Happenings } from '../support/happenings';
import { officialClientFor } from '../support/official-client';
import { TestClock } from '../support/test-clock';
import { startWhatsappHost, type WhatsappHost, type WhatsappHostOptions } from '../support/whatsapp-host';

const TO = '+15551230001';
const seconds = (number: number) => number * 1000;

describe('When Twilio', () => {
  let host: WhatsappHost;
  let clock: TestClock;
  let requests: Happenings<string>;

  async function start(options: WhatsappHostOptions = {}): Promise<void> {
    clock = new TestClock();
    const module = { publicUrl: undefined, ...options.module };
    // What Twilio took stays in its queue, unless the test says otherwise.
    host = await startWhatsappHost({ clock, emulator: { statusDelayMs: seconds(3600) }, ...options, module });
    requests = new Happenings();
    host.twilio.events.on('request', ({ method, kind }) => {
      if (kind === 'rest') requests.add(method === 'POST' ? 'create' : 'list');
    });
  }

  afterEach(() => host.close());

  const send = (text = 'Hi') => host.outbound.send({ to: TO, text });
  const messagesAtTwilio = () => host.twilio.messages.filter(({ direction }) => direction === 'outbound-api');

  /** As a crash leaves it: the attempt on record, no answer, and a lease that nobody extends. */
  async function crash(): Promise<OutboundMessage> {
    await start();
    const message = await host.outbound.send({ to: TO, text: 'Hi', sendAt: new Date(clock.now() + seconds(3600)) });
    await host.db
      .updateTable('outbound_messages')
      .set({
        status: 'sending',
        attempts: 1,
        attempted_at: clock.now(),
        due_at: clock.now() + seconds(25),
        waiting: null,
      })
      .where('id', '=', message.id)
      .execute();
    await host.recorder.reaches(await host.outbound.send({ to: '+15551230002', text: 'wakes it' }), 'accepted');
    return message;
  }

  it('does not answer, the requests give their places to others after two seconds', async () => {
    await start();
    host.twilio.faults({ rest: { connection: 'hang', times: 10 } });
    const begin = clock.now();
    const sendTo = (user: number) => host.outbound.send({ to: `+155540000${user + 10}`, text: 'Hi' });
    for (let user = 0; user < 10; user++) await sendTo(user);
    await requests.count(10);
    const next = await sendTo(10);
    expect(requests.all).toHaveLength(10);
    await clock.reach(begin + seconds(2));
    await host.recorder.reaches(next, 'accepted');
    expect(requests.all).toHaveLength(11);
    await clock.reach(begin + seconds(15)); // so that the ten end
  });

  describe('refuses a message, it', () => {
    it('fails with what to do about the account when the token is wrong', async () => {
      await start({ module: { authToken: 'f'.repeat(32) } });
      const { error } = await host.recorder.reaches(await send(), 'failed');
      expect(error).toMatchObject({ code: 20003, action: 'fix-account', retryable: false });
    });

    it.each([
      [
        { status: 400, code: 21211 },
        { code: 21211, action: 'fix-request' },
      ],
      [
        { status: 400, code: 63007 },
        { code: 63007, action: 'fix-account' },
      ],
      [
        { status: 400, html: true },
        { code: 'TWILIO_INVALID_REQUEST', action: 'fix-request' },
      ],
    ])('fails with the catalogue’s explanation of %j', async (rest, expected) => {
      await start();
      host.twilio.faults({ rest });
      const message = await send();
      expect((await host.recorder.reaches(message, 'failed')).error).toMatchObject(expected);
      const stored = await host.outbound.get(message.id);
      expect(stored).toMatchObject({ status: 'failed', error: expected });
      expect(stored).not.toHaveProperty('waiting');
      expect(requests.all).toEqual(['create']);
    });

    it('is tried again after a 429, when Retry-After is over and not before', async () => {
      await start();
      host.twilio.faults({ rest: { status: 429, retryAfter: 30 } });
      const message = await send();
      await host.recorder.reaches(message, 'queued');
      const until = new Date(clock.now() + seconds(30));
      expect(await host.outbound.get(message.id)).toMatchObject({ waiting: { reason: 'retry', until } });
      await clock.reach(until);
      await host.recorder.reaches(message, 'accepted');
      expect(requests.all).toEqual(['create', 'create']);
    });

    it('is tried again each time after what Retry-After asks for, and less often when that goes on', async () => {
      await start();
      host.twilio.faults({ rest: { status: 429, retryAfter: 1, times: 100 } });
      const message = await send();
      const pauses: number[] = [];
      for (let tries = 1; tries <= 7; tries++) {
        await host.recorder.reaches(message, 'queued', tries);
        const { waiting } = (await host.outbound.get(message.id))!;
        pauses.push((Number(waiting!.until) - clock.now()) / 1000);
        await clock.reach(waiting!.until!);
      }
      expect(pauses).toEqual([1, 1, 1, 1, 1, 16, 32]);
    });

    it('is tried again with growing pauses as long as it is too much, and given up after a day', async () => {
      await start();
      host.twilio.faults({ rest: { status: 429, times: 100_000 } });
      const message = await send();
      const pauses: number[] = [];
      for (let tries = 1; tries <= 10; tries++) {
        await host.recorder.reaches(message, 'queued', tries);
        const { waiting } = (await host.outbound.get(message.id))!;
        pauses.push((Number(waiting!.until) - clock.now()) / 1000);
        if (tries === 10) clock.advance('25h');
        else await clock.reach(waiting!.until!);
      }
      expect(pauses).toEqual([0.5, 1, 2, 4, 8, 16, 32, 64, 128, 150]);
      expect((await host.recorder.reaches(message, 'failed')).error).toMatchObject({ code: 20429 });
    });
  });

  it('is not there at all, the message waits until it is', async () => {
    const port = await freePort();
    await start({ module: { apiBaseUrl: `http://127.0.0.1:${port}` } });
    const message = await send();
    await host.recorder.reaches(message, 'queued');
    const waiting = await host.outbound.get(message.id);
    expect(waiting).toMatchObject({
      error: { code: 'TWILIO_CONNECTION', retryable: true },
      waiting: { reason: 'retry' },
    });

    const { accountSid, authToken } = host.twilio;
    const back = await TwilioEmulator.start({ port, accountSid, authToken });
    await clock.reach(waiting!.waiting!.until!);
    await host.recorder.reaches(message, 'accepted');
    expect(back.messages).toHaveLength(1);
    await back.stop();
  });

  describe('leaves it open whether it took a message, that', () => {
    /** How an answer can be lost, and what makes that known to us. */
    const losses = [
      ['500', { status: 500 }],
      ['502 with HTML', { status: 502, html: true }],
      ['a cut connection', { connection: 'reset' }],
      ['silence', { connection: 'hang' }],
    ] as const;

    async function lose(fault: (typeof losses)[number][1], afterAccept: boolean): Promise<OutboundMessage> {
      await start();
      host.twilio.faults({ rest: { ...fault, afterAccept } });
      const begin = clock.now();
      const message = await send();
      await requests.count(1);
      if ('connection' in fault && fault.connection === 'hang') await clock.reach(begin + seconds(15));
      await host.recorder.reaches(message, 'unknown');
      expect(await host.outbound.get(message.id)).toMatchObject({ waiting: { reason: 'reconcile' } });
      return message;
    }

    it.each(losses)('after %s is adopted if Twilio has it, and not sent twice', async (_, fault) => {
      const message = await lose(fault, true);
      await clock.reach(clock.now() + seconds(1));
      await host.recorder.reaches(message, 'accepted');
      expect(requests.all).toEqual(['create', 'list']);
      expect(messagesAtTwilio()).toHaveLength(1);
      expect(await host.outbound.get(message.id)).toMatchObject({ sid: messagesAtTwilio()[0]!.sid });
    });

    it.each(losses)('after %s is sent again once it is sure that Twilio has it not', async (loss, fault) => {
      const message = await lose(fault, false);
      const lost = clock.now();
      const looks = looksAfter(loss);
      for (const [index, after] of looks.entries()) {
        await clock.reach(lost + seconds(after));
        await requests.count(2 + index);
      }
      await host.recorder.reaches(message, 'accepted');
      expect(requests.all).toEqual(['create', ...looks.map(() => 'list'), 'create']);
      expect(messagesAtTwilio()).toHaveLength(1);
    });

    it('is adopted with what became of it meanwhile', async () => {
      await start({ emulator: { statusDelayMs: 0 } });
      host.twilio.faults({ rest: { status: 500, afterAccept: true } });
      const message = await send();
      await host.recorder.reaches(message, 'unknown');
      await host.twilio.settles();
      await clock.reach(clock.now() + seconds(1));
      expect((await host.recorder.reaches(message, 'failed')).error).toMatchObject({ code: 63016 });
    });

    it('is not taken for another message of the same words', async () => {
      await start();
      await host.recorder.reaches(await send(), 'accepted');
      host.twilio.faults({ rest: { status: 500 } });
      const second = await send();
      await host.recorder.reaches(second, 'unknown');
      for (const pause of [1, 1]) await clock.reach(clock.now() + seconds(pause));
      await host.recorder.reaches(second, 'accepted');
      expect(messagesAtTwilio()).toHaveLength(2);
    });

    it('makes those behind it wait for its outcome', async () => {
      await start();
      host.twilio.faults({ rest: { status: 500, afterAccept: true } });
      const first = await send('One');
      const second = await send('Two');
      await host.recorder.reaches(first, 'unknown');
      expect(await host.outbound.get(second.id)).toMatchObject({ status: 'queued' });
      await clock.reach(clock.now() + seconds(1));
      await host.recorder.reaches(second, 'accepted');
      expect(messagesAtTwilio().map(({ body }) => body)).toEqual(['One', 'Two']);
    });

    it('and cannot be asked for a quarter of an hour stays unknown and lets others pass', async () => {
      await start();
      host.twilio.faults({ rest: { status: 500, calls: 'all', times: 1000 } });
      const message = await send();
      await host.recorder.reaches(message, 'unknown');
      const begin = clock.now();
      for (const after of [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900]) await clock.reach(begin + seconds(after));
      const next = await send('Next');
      await host.recorder.reaches(next, 'unknown');
      const stored = await host.outbound.get(message.id);
      expect(stored).toMatchObject({ status: 'unknown', error: { action: 'none' } });
      expect(stored).not.toHaveProperty('waiting');
    });
  });

  describe('was being asked when the process died, the message', () => {
    it('is adopted after its lease if Twilio has it', async () => {
      const message = await crash();
      const { sid } = await officialClientFor(host.twilio).messages.create({
        from: host.twilio.sender,
        to: `whatsapp:${TO}`,
        body: 'Hi',
      });
      await clock.reach(clock.now() + seconds(25));
      expect(await host.recorder.reaches(message, 'accepted')).toMatchObject({ sid });
    });

    it('is sent if Twilio has it not', async () => {
      const message = await crash();
      await clock.reach(clock.now() + seconds(25));
      await host.recorder.reaches(message, 'unknown');
      await clock.reach(clock.now() + seconds(30));
      await host.recorder.reaches(message, 'accepted');
      expect(messagesAtTwilio()).toHaveLength(2);
    });
  });
});

/** Seconds after which a lost message is looked for. Where Twilio itself answered, its list tells sooner. */
function looksAfter(loss: string): number[] {
  if (loss === 'silence') return [1, 2, 4, 8, 15]; // Twilio may still be working on it
  return loss === 'a cut connection' ? [1, 2, 3] : [1, 2];
}
