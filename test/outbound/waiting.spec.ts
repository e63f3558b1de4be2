import { startWhatsappHost, type WhatsappHost, type WhatsappHostOptions } from '../support/whatsapp-host';
import { TestClock } from '../support/test-clock';

const TO = '+15551230001';
const HOUR = 3_600_000;

describe('A message that has to wait', () => {
  let host: WhatsappHost;
  let clock: TestClock;

  async function start(options: WhatsappHostOptions = {}): Promise<void> {
    clock = new TestClock();
    host = await startWhatsappHost({ clock, emulator: { clock }, ...options });
  }

  afterEach(() => host.close());

  const inSeconds = (seconds: number) => new Date(clock.now() + seconds * 1000);
  const creates = () => host.twilio.requests.filter(({ kind, method }) => kind === 'rest' && method === 'POST');

  describe('for its sendAt', () => {
    it('is scheduled, says until when, and leaves at that time and not before', async () => {
      await start();
      const sendAt = inSeconds(90);
      const message = await host.outbound.send({ to: TO, text: 'Later', sendAt });
      expect(message).toMatchObject({ status: 'scheduled', sendAt, waiting: { reason: 'schedule', until: sendAt } });
      await clock.reach(sendAt);
      await host.recorder.reaches(message, 'accepted');
      expect(creates().map(({ at }) => at)).toEqual([sendAt]);
    });

    it('does not hold up what is sent to the same user meanwhile', async () => {
      await start();
      await host.outbound.send({ to: TO, text: 'Later', sendAt: inSeconds(90) });
      const now = await host.outbound.send({ to: TO, text: 'Now' });
      await host.recorder.reaches(now, 'accepted');
    });

    it('leaves at once when the time is past', async () => {
      await start();
      const message = await host.outbound.send({ to: TO, text: 'Now', sendAt: inSeconds(-1) });
      expect(message.status).toBe('queued');
      await host.recorder.reaches(message, 'accepted');
    });
  });

  describe('with expiresInSeconds', () => {
    it('tells Twilio how long it is worth sending', async () => {
      await start();
      const message = await host.outbound.send({ to: TO, text: 'Hi', expiresInSeconds: 60 });
      expect(message.expiresAt).toEqual(inSeconds(60));
      await host.recorder.reaches(message, 'accepted');
      expect(creates()[0]!.parameters).toMatchObject({ ValidityPeriod: '60' });
    });

    it('expires if it could not leave by then, and is never sent', async () => {
      await start();
      const message = await host.outbound.send({ to: TO, text: 'Hi', outsideWindow: 'hold', expiresInSeconds: 60 });
      await clock.reach(message.expiresAt!);
      expect(await host.recorder.reaches(message, 'expired')).toMatchObject({ error: { code: 'EXPIRED' } });
      expect(await host.outbound.get(message.id)).toMatchObject({ status: 'expired', error: { retryable: true } });
      await host.twilio.phone(TO).sends('Hello');
      await host.recorder.messages.first();
      expect(creates()).toEqual([]);
    });

    it('expires on time also when its next try would be later', async () => {
      await start();
      host.twilio.faults({ rest: { status: 429, retryAfter: 3600 } });
      const message = await host.outbound.send({ to: TO, text: 'Hi', expiresInSeconds: 60 });
      await host.recorder.reaches(message, 'queued');
      await clock.reach(message.expiresAt!);
      await host.recorder.reaches(message, 'expired');
      expect(creates()).toHaveLength(1);
    });

    it('counts from sendAt', async () => {
      await start();
      const message = await host.outbound.send({ to: TO, text: 'Hi', sendAt: inSeconds(600), expiresInSeconds: 60 });
      expect(message.expiresAt).toEqual(inSeconds(660));
    });
  });

  describe('outside of the 24-hour window', () => {
    it('is sent all the same by default, and Twilio’s callback says why it failed', async () => {
      await start();
      const message = await host.outbound.send({ to: TO, text: 'Hi' });
      expect(await host.recorder.reaches(message, 'failed')).toMatchObject({ error: { code: 63016 } });
    });

    describe.each([
      ['hold', 'held'],
      ['reject', 'failed'],
    ] as const)('that closes before its sendAt, with outsideWindow: %s', (outsideWindow, status) => {
      it(`is ${status} when its time comes, and what is behind it goes on`, async () => {
        await start();
        const phone = host.twilio.phone(TO);
        await phone.sends('hi');
        await host.recorder.messages.count(1);
        const sendAt = inSeconds(25 * 3600);
        const message = await host.outbound.send({ to: TO, text: 'Later', sendAt, outsideWindow });
        expect(message.status).toBe('scheduled');
        await clock.reach(sendAt);
        const update = await host.recorder.reaches(message, status);
        if (status === 'failed') expect(update.error).toMatchObject({ code: 'OUTSIDE_WINDOW' });
        expect(creates()).toEqual([]);
        await host.recorder.reaches(await host.outbound.send({ to: TO, text: 'Now' }), 'accepted');
        if (status === 'held') {
          await phone.sends('hi again');
          await host.recorder.reaches(message, 'accepted');
        }
      });
    });

    it('is refused with outsideWindow: reject', async () => {
      await start();
      const sending = host.outbound.send({ to: TO, text: 'Hi', outsideWindow: 'reject' });
      await expect(sending).rejects.toMatchObject({ code: 'OUTSIDE_WINDOW', retryable: false });
    });

    it('is held with outsideWindow: hold, until the user writes; then all go in their order', async () => {
      await start();
      const held = [];
      for (const text of ['One', 'Two']) held.push(await host.outbound.send({ to: TO, text, outsideWindow: 'hold' }));
      expect(held).toMatchObject([{ status: 'held', waiting: { reason: 'window' } }, { status: 'held' }]);
      const phone = host.twilio.phone(TO);
      await phone.sends('Hello');
      for (const message of held) await host.recorder.reaches(message, 'read');
      expect((await phone.receives()).body).toBe('One');
      expect((await phone.receives()).body).toBe('Two');
    });

    it('is released into its schedule, not before its sendAt', async () => {
      await start();
      const sendAt = inSeconds(605);
      const message = await host.outbound.send({ to: TO, text: 'Hi', sendAt, outsideWindow: 'hold' });
      expect(message.status).toBe('held');
      await host.twilio.phone(TO).sends('Hello');
      await host.recorder.reaches(message, 'scheduled');
      await clock.reach(sendAt);
      await host.recorder.reaches(message, 'accepted');
      expect(creates().map(({ at }) => at)).toEqual([sendAt]);
    });

    it('is free as long as the window is open, to the millisecond', async () => {
      await start();
      await host.twilio.phone(TO).sends('Hello');
      await host.recorder.messages.first();
      clock.advance(24 * HOUR - 1);
      const message = await host.outbound.send({ to: TO, text: 'Hi', outsideWindow: 'reject' });
      expect(message.status).toBe('queued');
      clock.advance(1);
      await expect(host.outbound.send({ to: TO, text: 'Hi', outsideWindow: 'reject' })).rejects.toThrow('24 hours');
    });

    it('is free as a template', async () => {
      await start();
      const template = { contentSid: `HX${'1'.repeat(32)}` };
      const message = await host.outbound.send({ to: TO, template, outsideWindow: 'reject' });
      expect(message.status).toBe('queued');
    });
  });

  describe('can be canceled', () => {
    it.each(['scheduled', 'held', 'queued'] as const)('while it is %s, and is never sent', async (status) => {
      await start();
      if (status === 'queued') host.twilio.faults({ rest: { status: 429, retryAfter: 60 } });
      const message = await host.outbound.send({
        to: TO,
        text: 'Hi',
        ...(status === 'scheduled' && { sendAt: inSeconds(60) }),
        ...(status === 'held' && { outsideWindow: 'hold' }),
      });
      if (status === 'queued') await host.recorder.reaches(message, 'queued');
      expect(await host.outbound.cancel(message.id)).toMatchObject({ id: message.id, status: 'canceled' });
      await host.recorder.reaches(message, 'canceled');
      await host.twilio.phone(TO).sends('Hello');
      await host.recorder.messages.first();
      clock.advance('2m');
      const next = await host.outbound.send({ to: TO, text: 'Next' });
      await host.recorder.reaches(next, 'accepted');
      expect(host.twilio.messages.filter(({ direction }) => direction === 'outbound-api')).toHaveLength(1);
    });

    it('but not once it has left, and not if there is none', async () => {
      await start();
      const message = await host.outbound.send({ to: TO, text: 'Hi' });
      await host.recorder.reaches(message, 'accepted');
      await expect(host.outbound.cancel(message.id)).rejects.toMatchObject({ code: 'NOT_CANCELABLE' });
      await expect(host.outbound.cancel('0')).rejects.toMatchObject({ code: 'MESSAGE_NOT_FOUND' });
    });
  });
});
