import { Injectable } from '@nestjs/common';
import {
  type DeadLetter,
  DeadLetters,
  OnWhatsappMessage,
  OnWhatsappStatus,
  type StatusUpdate,
  type WhatsappMessage,
} from 'nestjs-whatsapp-twilio';
import type { Database } from '../../src/whatsapp-twilio/storage/database';
import { DeathLogger } from '../support/death-logger';
import { Happenings } from '../support/happenings';
import { engines, useStorage } from '../support/storages';
import { TestClock } from '../support/test-clock';
import { startWhatsappHost, type WhatsappHost } from '../support/whatsapp-host';

const ANA = '+15551230001';
const BEN = '+15551230002';

/** Two handlers of messages and one of statuses; those whose name is in `broken` throw. */
@Injectable()
class Bot {
  readonly broken = new Set<string>();
  readonly calls = new Happenings<string>();

  @OnWhatsappMessage('text')
  note(message: WhatsappMessage<'text'>): void {
    this.call('note', message.text);
  }

  @OnWhatsappMessage('text')
  order(message: WhatsappMessage<'text'>): string {
    this.call('order', message.text);
    return `Ordered ${message.text}`;
  }

  @OnWhatsappStatus('failed')
  alarm(update: StatusUpdate): void {
    this.call('alarm', update.metadata['order'] ?? '');
  }

  private call(handler: string, about: string): void {
    this.calls.add(`${handler} ${about}`);
    if (this.broken.has(handler)) throw new Error(`${handler} is broken`);
  }
}

describe.each(engines)('Dead letters on %s', (engine) => {
  const storage = useStorage(engine);
  let host: WhatsappHost;
  let clock: TestClock;
  let bot: Bot;
  let logger: DeathLogger;
  let deadLetters: DeadLetters;

  beforeEach(async () => {
    clock = new TestClock();
    logger = new DeathLogger();
    host = await startWhatsappHost({
      clock,
      nest: { logger },
      providers: [Bot],
      // Twilio refuses to deliver at once, so that a status handler has something to hear.
      emulator: { statusDelayMs: 0 },
      module: { storage: { url: storage.url }, handlers: { maxAttempts: 1 } },
    });
    bot = host.app.get(Bot);
    deadLetters = host.app.get(DeadLetters);
  });

  afterEach(() => host.close());

  async function diesAs(text: string, from = ANA): Promise<DeadLetter> {
    bot.broken.add('order');
    const number = logger.deaths.all.length;
    await host.twilio.phone(from).sends(text);
    await logger.deaths.count(number + 1);
    return (await deadLetters.list()).deadLetters[0]!;
  }

  async function statusDies(order: string): Promise<DeadLetter> {
    bot.broken.add('alarm');
    host.twilio.faults({ rest: { status: 400, code: 21211 } });
    const number = logger.deaths.all.length;
    await host.outbound.send({ to: BEN, text: 'Hi', metadata: { order } });
    await logger.deaths.count(number + 1);
    return (await deadLetters.list()).deadLetters[0]!;
  }

  /** So many of each kind, in pairs that died at the same time. */
  async function pairs(number: number): Promise<void> {
    for (let index = 0; index < number; index++) {
      clock.advance(index % 2 === 0 ? 1000 : 0);
      await diesAs(`message ${index}`);
      await statusDies(`status ${index}`);
    }
  }

  it('say what a message was about and why it failed, and nothing that was written', async () => {
    await diesAs('a pizza for 4711');
    const { deadLetters: found, nextCursor } = await deadLetters.list();
    const [inbound] = host.twilio.messages;
    expect(found).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
        kind: 'message',
        connectionId: 'default',
        conversationId: expect.any(String),
        messageSid: inbound!.sid,
        handlersDone: ['Recorder.receive', 'Bot.note'],
        failure: 'Bot.order: Error: order is broken',
        attempts: 1,
        receivedAt: new Date(clock.now()),
        deadAt: new Date(clock.now()),
      },
    ]);
    expect(nextCursor).toBeUndefined();
    expect(JSON.stringify(found)).not.toContain('4711');
    expect(await deadLetters.get(found[0]!.id)).toEqual(found[0]);
  });

  it('say which status update of which message handlers could not handle', async () => {
    const found = await statusDies('4711');
    const [message] = await host.db.selectFrom('outbound_messages').selectAll().execute();
    expect(found).toEqual({
      id: expect.stringMatching(/^status-\d+$/),
      kind: 'status',
      connectionId: 'default',
      conversationId: message!.conversation_id,
      messageId: message!.id,
      status: 'failed',
      handlersDone: ['Recorder.follow'],
      failure: 'Bot.alarm: Error: alarm is broken',
      attempts: 1,
      receivedAt: new Date(clock.now()),
      deadAt: new Date(clock.now()),
    });
    expect(await deadLetters.get(found.id)).toEqual(found);
  });

  it('that are replayed run only the handlers that had failed, and once', async () => {
    const { id } = await diesAs('pizza');
    bot.broken.clear();
    await deadLetters.replay(id);
    await host.twilio.phone(ANA).receives('Ordered pizza');
    expect(bot.calls.all).toEqual(['note pizza', 'order pizza', 'order pizza']);
    expect(await deadLetters.get(id)).toBeUndefined();
    await expect(deadLetters.replay(id)).rejects.toMatchObject({ code: 'DEAD_LETTER_NOT_FOUND', retryable: false });
  });

  it('of status updates are replayed too, with the metadata of the message', async () => {
    const { id } = await statusDies('4711');
    bot.broken.clear();
    await deadLetters.replay(id);
    await bot.calls.count(2);
    expect(bot.calls.all).toEqual(['alarm 4711', 'alarm 4711']);
    await expect(deadLetters.replay(id)).rejects.toMatchObject({ code: 'DEAD_LETTER_NOT_FOUND' });
  });

  it('are replayed once by two that try at once', async () => {
    const { id } = await diesAs('pizza');
    bot.broken.clear();
    const replays = await Promise.allSettled([deadLetters.replay(id), deadLetters.replay(id)]);
    expect(replays.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    await bot.calls.count(3);
  });

  it('that fail again are dead letters again, with the tries they had', async () => {
    const { id } = await diesAs('pizza');
    clock.advance('1h');
    await deadLetters.replay(id);
    await logger.deaths.count(2);
    expect(await deadLetters.get(id)).toMatchObject({ attempts: 1, deadAt: new Date(clock.now()) });
  });

  it('that are replayed wait for what is under way in their conversation, and new ones come after them', async () => {
    const { id } = await diesAs('first');
    bot.broken.clear();
    let release!: () => void;
    const blocked = new Promise<void>((resolve) => (release = resolve));
    const started = new Happenings<string>();
    host.recorder.answer = async (message) => {
      started.add((message as WhatsappMessage<'text'>).text);
      if (started.all.length === 1) await blocked;
    };
    await host.twilio.phone(ANA).sends('second');
    await started.count(1);
    await deadLetters.replay(id);
    await host.twilio.phone(ANA).sends('third');
    await host.twilio.phone(BEN).sends('elsewhere');
    await bot.calls.first((call) => call === 'order elsewhere');
    expect(bot.calls.all).not.toContain('note third');
    release();
    await bot.calls.first((call) => call === 'order third');
    const orders = bot.calls.all.filter((call) => call.startsWith('order') && !call.endsWith('elsewhere'));
    expect(orders).toEqual(['order first', 'order second', 'order first', 'order third']);
  });

  describe('are listed', () => {
    it('newest first, page after page, each once', async () => {
      await pairs(4);
      const all = (await deadLetters.list()).deadLetters;
      expect(all).toHaveLength(8);
      const times = all.map(({ deadAt }) => Number(deadAt));
      expect(times).toEqual(times.toSorted((a, b) => b - a));
      for (const limit of [1, 3, 8]) {
        const seen: DeadLetter[] = [];
        for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
          const page = await deadLetters.list({ limit, ...(cursor !== undefined && { cursor }) });
          expect(page.deadLetters.length).toBeLessThanOrEqual(limit);
          expect(seen.length).toBeLessThan(all.length);
          seen.push(...page.deadLetters);
          cursor = page.nextCursor;
        }
        expect(seen).toEqual(all);
      }
    });

    it('on from where a page ended, whatever was replayed or died meanwhile', async () => {
      await pairs(2);
      const { deadLetters: first, nextCursor } = await deadLetters.list({ limit: 2 });
      bot.broken.clear();
      await deadLetters.replay(first[1]!.id);
      clock.advance('1m');
      await diesAs('another');
      const { deadLetters: rest } = await deadLetters.list({ cursor: nextCursor! });
      expect(rest).toHaveLength(2);
      expect(rest.map(({ id }) => id)).toEqual(expect.not.arrayContaining(first.map(({ id }) => id)));
    });

    it('but not with a limit that is no whole number from 1 to 200', async () => {
      for (const limit of [0, 201, 1.5, Number.NaN, '50']) {
        const error = { code: 'INVALID_PAGE', field: 'limit', message: expect.stringContaining('1 to 200') };
        await expect(deadLetters.list({ limit: limit as number })).rejects.toMatchObject(error);
      }
    });

    it('but not from a cursor that no page gave', async () => {
      const forged = Buffer.from('1.message.1 or 1=1').toString('base64url');
      for (const cursor of ['', 'x', 'bm9uZQ', forged, 'M'.repeat(10_000), 7, null]) {
        const error = { code: 'INVALID_PAGE', field: 'cursor', message: expect.stringContaining('nextCursor') };
        await expect(deadLetters.list({ cursor: cursor as string })).rejects.toMatchObject(error);
      }
    });

    it('only of the connections of this registration', async () => {
      const { id } = await diesAs('pizza');
      await moveToAnotherConnection(host.db, id);
      expect((await deadLetters.list()).deadLetters).toEqual([]);
      expect(await deadLetters.get(id)).toBeUndefined();
      await expect(deadLetters.replay(id)).rejects.toMatchObject({ code: 'DEAD_LETTER_NOT_FOUND' });
    });
  });

  it('have no other ids', async () => {
    await diesAs('pizza');
    const others = ['', 'status-', 'status-0', 'status-99999999999999999', '\0', 'x'.repeat(10_000), undefined, 7];
    for (const id of others as string[]) {
      expect(await deadLetters.get(id)).toBeUndefined();
      await expect(deadLetters.replay(id)).rejects.toMatchObject({ code: 'DEAD_LETTER_NOT_FOUND' });
    }
  });

  it('do not include what is done or still being tried', async () => {
    await host.twilio.phone(ANA).sends('pizza');
    await bot.calls.count(2);
    const row = await host.db.selectFrom('inbound_messages').select('id').executeTakeFirstOrThrow();
    expect(await deadLetters.get(row.id)).toBeUndefined();
    await expect(deadLetters.replay(row.id)).rejects.toMatchObject({ code: 'DEAD_LETTER_NOT_FOUND' });
  });
});

async function moveToAnotherConnection(db: Database, id: string): Promise<void> {
  await db.updateTable('inbound_messages').set({ scope: 'another' }).where('id', '=', id).execute();
}
