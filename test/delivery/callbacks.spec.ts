import * as fc from 'fast-check';
import type { OutboundMessage, OutboundStatus } from 'nestjs-whatsapp-twilio';
import { type CallbackStatus, statusCallback } from 'nestjs-whatsapp-twilio/testing';
import { mergeStatus } from '../../src/whatsapp-twilio/messages/message-status';
import { platforms } from '../support/host-app';
import { postSigned } from '../support/signed-webhook';
import { TestClock } from '../support/test-clock';
import { startWhatsappHost, type WhatsappHost } from '../support/whatsapp-host';

const TO = '+15551230001';
let sids = 0;
const newSid = () => `SM${(sids++).toString(16).padStart(32, '0')}`;

describe('Status callbacks', () => {
  let host: WhatsappHost;
  let clock: TestClock;

  beforeEach(async () => {
    clock = new TestClock();
    // Twilio itself stays silent; what it would report is posted here.
    host = await startWhatsappHost({ clock, emulator: { statusDelayMs: 3_600_000 } });
  });

  afterEach(() => host.close());

  /** Posts a callback as Twilio does: to the status URL, with our id in it where there is one. */
  async function report(status: CallbackStatus, sid: string, extra: Record<string, string> = {}, messageId?: string) {
    const path = `/webhooks/whatsapp/twilio/status${messageId === undefined ? '' : `?message=${messageId}`}`;
    const params = statusCallback(status, { AccountSid: host.twilio.accountSid, MessageSid: sid, ...extra });
    const answer = await postSigned(host.url + path, params, { token: host.twilio.authToken });
    expect(answer).toMatchObject({ status: 204, body: '' });
  }

  async function accepted(): Promise<{ message: OutboundMessage; sid: string }> {
    const message = await host.outbound.send({ to: TO, text: 'Hi' });
    const { sid } = await host.recorder.reaches(message, 'accepted');
    return { message, sid: sid! };
  }

  const stored = async ({ id }: OutboundMessage) => (await host.outbound.get(id))!;

  /** Twilio has the message, and its answer never came. */
  async function unanswered(): Promise<{ message: OutboundMessage; sid: string }> {
    host.twilio.faults({ rest: { status: 500, afterAccept: true } });
    const message = await host.outbound.send({ to: TO, text: 'Hi' });
    await host.recorder.reaches(message, 'unknown');
    return { message, sid: host.twilio.messages[0]!.sid };
  }

  const keptCallbacks = () => host.db.selectFrom('early_callbacks').select(['message_sid', 'dedupe_key']).execute();

  it('move a message forward by rank alone, however they are shuffled and repeated', async () => {
    const statuses = fc.shuffledSubarray<CallbackStatus>(
      ['queued', 'sent', 'delivered', 'read', 'failed', 'undelivered', 'queued', 'sent', 'delivered'],
      { minLength: 1 },
    );
    const property = fc.asyncProperty(statuses, async (order) => {
      const { message, sid } = await accepted();
      let expected: OutboundStatus = 'accepted';
      for (const status of order) {
        await report(status, sid);
        expected = mergeStatus(expected, status === 'queued' ? 'accepted' : status);
        expect((await stored(message)).status).toBe(expected);
      }
      const { history } = await stored(message);
      const reported = history.filter(({ source }) => source === 'callback').map(({ status }) => status);
      // Every event once; that Twilio has it was known from its answer.
      expect(reported).toEqual([...new Set(order.filter((status) => status !== 'queued'))]);
    });
    await fc.assert(property, { numRuns: 25, seed: 1 });
  });

  it('tell handlers of every step forward, in order and once, and of nothing else', async () => {
    const { message, sid } = await accepted();
    for (const status of ['sent', 'sent', 'read', 'delivered', 'sent', 'read'] as const) await report(status, sid);
    await host.recorder.reaches(message, 'read');
    const other = await accepted();
    await host.recorder.reaches(other.message, 'accepted');
    const told = host.recorder.updates.all.filter(({ messageId }) => messageId === message.id);
    expect(told.map(({ status, previousStatus }) => [previousStatus, status])).toEqual([
      ['queued', 'sending'],
      ['sending', 'accepted'],
      ['accepted', 'sent'],
      ['sent', 'read'],
    ]);
  });

  it('that arrive at once are all kept', async () => {
    const { message, sid } = await accepted();
    const statuses = ['read', 'sent', 'delivered', 'queued', 'sent', 'read'] as const;
    await Promise.all(statuses.map((status) => report(status, sid)));
    const { status, history } = await stored(message);
    expect(status).toBe('read');
    const reported = history.filter(({ source }) => source === 'callback').map((event) => event.status);
    expect(new Set(reported)).toEqual(new Set(['sent', 'delivered', 'read']));
  });

  describe('explain a failure', () => {
    it('by the catalogue, with what to do', async () => {
      const { message, sid } = await accepted();
      await report('undelivered', sid, { ErrorCode: '63024' });
      const update = await host.recorder.reaches(message, 'undelivered');
      expect(update.error).toMatchObject({ code: 63024, title: expect.any(String), help: expect.any(String) });
      expect((await stored(message)).error).toEqual(update.error);
    });

    it.each(['read', 'undelivered', 'failed'] as const)(
      'which a later %s without a code does not wipe',
      async (later) => {
        const { message, sid } = await accepted();
        await report('failed', sid, { ErrorCode: '63016' });
        await report(later, sid, { ErrorCode: '', ChannelStatusMessage: '' });
        expect(await stored(message)).toMatchObject({ error: { code: 63016 } });
      },
    );

    it('which one that comes later with a code completes', async () => {
      const { message, sid } = await accepted();
      await report('failed', sid, { ErrorCode: '' });
      expect((await stored(message)).error).toMatchObject({ code: 'UNKNOWN' });
      await report('failed', sid, { ErrorCode: '63016' });
      expect((await stored(message)).error).toMatchObject({ code: 63016 });
    });

    it('and an odd code or status harms nothing', async () => {
      const { message, sid } = await accepted();
      await report('failed', sid, { ErrorCode: '-1; drop table', MessageStatus: 'FAILED' });
      expect(await stored(message)).toMatchObject({ status: 'failed', error: { code: 'UNKNOWN' } });
      await report('sent', sid, { MessageStatus: 'teleported', SmsStatus: 'teleported' });
      expect(await stored(message)).toMatchObject({ status: 'failed' });
    });
  });

  describe('that overtake the answer to the request', () => {
    it('find their message by our id in the URL and settle it', async () => {
      const { message, sid } = await unanswered();
      await report('delivered', sid, {}, message.id);
      expect(await host.recorder.reaches(message, 'delivered')).toMatchObject({ sid });
      clock.advance('10m');
      const settled = await stored(message);
      expect(settled).toMatchObject({ status: 'delivered', sid });
      expect(settled).not.toHaveProperty('waiting');
      expect(host.twilio.messages).toHaveLength(1);
      expect(host.twilio.requests.filter(({ kind, method }) => kind === 'rest' && method === 'GET')).toEqual([]);
    });

    it('without our id are kept, and applied when the SID is known', async () => {
      const { message, sid } = await unanswered();
      await report('delivered', sid);
      await report('sent', sid);
      expect(await stored(message)).toMatchObject({ status: 'unknown' });
      await clock.reach(clock.now() + 1000);
      await host.recorder.reaches(message, 'delivered');
      const { history } = await stored(message);
      expect(history.slice(-3).map(({ status }) => status)).toEqual(['delivered', 'sent', 'accepted']);
      expect(await host.db.selectFrom('early_callbacks').selectAll().execute()).toEqual([]);
    });

    it('are applied together when one with our id tells the SID', async () => {
      const { message, sid } = await unanswered();
      await report('read', sid);
      await report('sent', sid, {}, message.id);
      expect(await stored(message)).toMatchObject({ status: 'read', sid });
    });
  });

  it('about another SID under our id are not believed', async () => {
    const { message, sid } = await accepted();
    await report('failed', newSid(), {}, message.id);
    expect(await stored(message)).toMatchObject({ status: 'accepted', sid });
  });

  describe('about messages that nobody knows', () => {
    it('are acknowledged, and kept once each', async () => {
      const sid = newSid();
      for (const status of ['sent', 'sent', 'delivered'] as const) await report(status, sid, {}, 'no-id-of-ours');
      expect(await keptCallbacks()).toHaveLength(2);
      expect(host.recorder.updates.all).toEqual([]);
    });

    it('are bounded for one SID', async () => {
      const sid = newSid();
      for (let code = 30_001; code <= 30_040; code++) await report('failed', sid, { ErrorCode: String(code) });
      expect(await keptCallbacks()).toHaveLength(20);
    });

    it('are bounded for all SIDs together, the newest being kept', async () => {
      await report('sent', newSid());
      const rows = Array.from({ length: 10_000 }, () => ({
        scope: 'default',
        connection_id: 'default',
        message_sid: newSid(),
        dedupe_key: 'sent:',
        params: '{}',
        received_at: clock.now(),
      }));
      for (let index = 0; index < rows.length; index += 1000) {
        await host.db
          .insertInto('early_callbacks')
          .values(rows.slice(index, index + 1000))
          .execute();
      }
      const last = newSid();
      await report('sent', last);
      const all = await keptCallbacks();
      expect(all).toHaveLength(10_000);
      expect(all.at(-1)).toMatchObject({ message_sid: last });
    });
  });
});

describe.each(platforms)('Status callbacks of a real delivery on %s', (platform) => {
  it.each(['duplicate', 'shuffle', undefined] as const)('end at read with callbacks: %s', async (callbacks) => {
    const host = await startWhatsappHost({ platform });
    host.twilio.faults({ ...(callbacks && { callbacks }) });
    await host.twilio.phone(TO).sends('Hello');
    const message = await host.outbound.send({ to: TO, text: 'Hi' });
    await host.recorder.reaches(message, 'read');
    await host.twilio.settles();
    const { status, history } = (await host.outbound.get(message.id))!;
    expect(status).toBe('read');
    const reported = history.filter(({ source }) => source === 'callback').map((event) => event.status);
    expect(reported.toSorted()).toEqual(['delivered', 'read', 'sent']);
    await host.close();
  });
});
