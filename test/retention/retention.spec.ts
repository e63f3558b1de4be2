import { setImmediate } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import {
  type DeadLetter,
  DeadLetters,
  OnWhatsappMessage,
  type OutboundMessage,
  type WhatsappMessage,
} from 'nestjs-whatsapp-twilio';
import { inbound } from 'nestjs-whatsapp-twilio/testing';
import { type Database, openDatabase } from '../../src/whatsapp-twilio/storage/database';
import { eraseInbound } from '../../src/whatsapp-twilio/retention/erase';
import { identifyingParameters } from '../../src/whatsapp-twilio/retention/identifying-parameters';
import { DeathLogger } from '../support/death-logger';
import { engines, useStorage } from '../support/storages';
import { TestClock } from '../support/test-clock';
import { startWhatsappHost, type WhatsappHost } from '../support/whatsapp-host';

const ANA = '+15551230001';
const SECRET = 'the blue house by the lake';
const DAYS = 30;
const DAY = 86_400_000;
const HOUR = 3_600_000;

@Injectable()
class Bot {
  broken = false;

  @OnWhatsappMessage('text')
  answer(message: WhatsappMessage<'text'>): string {
    if (this.broken) throw new Error(`cannot find ${message.text}`);
    return `On the way to ${message.text}`;
  }
}

describe.each(engines)('On %s what was written is kept', (engine) => {
  const storage = useStorage(engine);
  let host: WhatsappHost;
  let clock: TestClock;
  let begin: number;
  let logger: DeathLogger;

  async function start(contentDays?: number): Promise<void> {
    clock = new TestClock();
    begin = clock.now();
    logger = new DeathLogger();
    host = await startWhatsappHost({
      clock,
      nest: { logger },
      providers: [Bot],
      module: {
        storage: { url: storage.url },
        handlers: { maxAttempts: 1 },
        ...(contentDays !== undefined && { retention: { contentDays } }),
      },
    });
  }

  afterEach(() => host.close());

  /** Everything in the tables that hold what was written. */
  async function everything(): Promise<string> {
    const rows = await Promise.all(
      (['inbound_messages', 'outbound_messages', 'message_events', 'early_callbacks'] as const).map((table) =>
        host.db.selectFrom(table).selectAll().execute(),
      ),
    );
    return JSON.stringify(rows);
  }

  async function dialogue(): Promise<OutboundMessage> {
    await host.twilio.phone(ANA).sends(SECRET);
    const { messageId } = await host.recorder.updates.first(({ status }) => status === 'read');
    await settled();
    return (await host.outbound.get(messageId))!;
  }

  /** Nothing is pending. */
  async function settled(): Promise<void> {
    for (;;) {
      await setImmediate();
      const [messages, events] = await Promise.all(
        (['inbound_messages', 'message_events'] as const).map((table) =>
          host.db.selectFrom(table).select('seq').where('state', '=', 'pending').execute(),
        ),
      );
      if (messages!.length + events!.length === 0) return;
    }
  }

  /** Moves this far; two sweeps, an hour apart, are over by then, and another begins. */
  async function pass(time: number): Promise<void> {
    clock.advance(time - 2 * HOUR);
    for (let sweeps = 0; sweeps < 2; sweeps++) await clock.reach(clock.now() + HOUR);
  }

  const inboundRow = () => host.db.selectFrom('inbound_messages').selectAll().executeTakeFirstOrThrow();

  it('for as long as retention.contentDays says, and then erased, while all else stays', async () => {
    await start(DAYS);
    const message = await dialogue();
    await pass(DAYS * DAY - HOUR);
    expect(await everything()).toContain(SECRET);
    await pass(2 * HOUR);
    expect(await everything()).not.toContain(SECRET);

    const { content: _, ...rest } = message;
    const erased = (await host.outbound.get(message.id))!;
    expect(erased).toEqual({ ...rest, history: expect.any(Array) });
    expect(erased.history.map(({ status }) => status)).toContain('read');
    const row = await inboundRow();
    expect(JSON.parse(row.params)).toMatchObject({ From: `whatsapp:${ANA}`, MessageSid: row.message_sid });
  });

  it('for ever where contentDays is not set', async () => {
    await start();
    await dialogue();
    await pass(4000 * DAY);
    expect(await everything()).toContain(SECRET);
  });

  it('still recognised by its idempotency key once it is erased', async () => {
    await start(DAYS);
    const order = { to: ANA, text: SECRET, metadata: { house: SECRET }, idempotencyKey: 'order-1' };
    const { id } = await host.outbound.send(order);
    await host.recorder.reaches({ id }, 'failed'); // the window is closed
    await settled();
    await pass(31 * DAY);
    const again = await host.outbound.send(order);
    expect(again).toMatchObject({ id, status: 'failed', metadata: {} });
    expect(again).not.toHaveProperty('content');
    await expect(host.outbound.send({ ...order, text: 'else' })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_CONFLICT',
    });
  });

  it('while it waits for the user, however long', async () => {
    await start(DAYS);
    const held = await host.outbound.send({ to: ANA, text: SECRET, outsideWindow: 'hold' });
    await pass(60 * DAY);
    expect(await host.outbound.get(held.id)).toMatchObject({ status: 'held', content: { text: SECRET } });
  });

  it('while it waits for its time, and counted from then', async () => {
    await start(DAYS);
    const sendAt = new Date(clock.now() + 40 * DAY);
    const { id } = await host.outbound.send({ to: ANA, text: SECRET, sendAt });
    await pass(39 * DAY);
    expect(await host.outbound.get(id)).toMatchObject({ status: 'scheduled', content: { text: SECRET } });
    clock.advance(DAY);
    await host.recorder.reaches({ id }, 'failed');
    await settled();
    await pass(29 * DAY);
    expect(await host.outbound.get(id)).toMatchObject({ content: { text: SECRET } });
    await pass(2 * DAY);
    expect(await host.outbound.get(id)).not.toHaveProperty('content');
  });

  it('while handlers have yet to succeed', async () => {
    await start(DAYS);
    const { id } = await dialogue();
    const unfinished = { state: 'pending', due_at: begin + 5000 * DAY, finished_at: null } as const;
    await host.db.updateTable('inbound_messages').set(unfinished).execute();
    await host.db.updateTable('message_events').set(unfinished).where('status', '=', 'read').execute();
    await pass(60 * DAY);
    expect((await inboundRow()).params).toContain(SECRET);
    expect(await host.outbound.get(id)).toMatchObject({ content: { text: `On the way to ${SECRET}` } });
  });

  it('by the registration it belongs to alone', async () => {
    await start(DAYS);
    await dialogue();
    for (const table of ['inbound_messages', 'outbound_messages'] as const) {
      await host.db.updateTable(table).set({ scope: 'another' }).execute();
    }
    await pass(60 * DAY);
    expect((await inboundRow()).params).toContain(SECRET);
    const message = await host.db.selectFrom('outbound_messages').select('content').executeTakeFirstOrThrow();
    expect(message.content).toContain(SECRET);
  });

  it('of a dead letter, which says no more why it failed then, and can no longer be replayed', async () => {
    await start(DAYS);
    host.app.get(Bot).broken = true;
    await host.twilio.phone(ANA).sends(SECRET);
    await logger.deaths.first();
    const deadLetters = host.app.get(DeadLetters);
    const [{ failure, ...letter }] = (await deadLetters.list()).deadLetters as [DeadLetter];
    expect(failure).toContain(SECRET);
    await pass(31 * DAY);
    expect((await deadLetters.list()).deadLetters).toEqual([letter]);
    await expect(deadLetters.replay(letter.id)).rejects.toMatchObject({ code: 'DEAD_LETTER_ERASED' });
    expect(await everything()).not.toContain(SECRET);
  });

  it('of a status update that failed, until its failure is erased; it can still be replayed', async () => {
    await start(DAYS);
    const { id } = await dialogue();
    const dead = { state: 'dead', failure: SECRET, done_handlers: '[]', finished_at: clock.now() } as const;
    await host.db.updateTable('message_events').set(dead).where('status', '=', 'read').execute();
    const deadLetters = host.app.get(DeadLetters);
    await pass(31 * DAY);
    const [letter] = (await deadLetters.list()).deadLetters as [DeadLetter];
    expect(letter).toMatchObject({ kind: 'status', messageId: id });
    expect(letter).not.toHaveProperty('failure');
    const told = host.recorder.updates.all.length;
    await deadLetters.replay(letter.id);
    await host.recorder.updates.count(told + 1);
  });

  it('of callbacks for unknown SIDs for seven days, set or not', async () => {
    await start();
    const callback = { scope: 'default', connection_id: 'default', dedupe_key: 'sent:', params: '{}' };
    const ages = { SM1: 0, SM2: 6 * DAY };
    for (const [message_sid, age] of Object.entries(ages)) {
      await host.db
        .insertInto('early_callbacks')
        .values({ ...callback, message_sid, received_at: begin + age })
        .execute();
    }
    await pass(7 * DAY - HOUR);
    expect(await host.db.selectFrom('early_callbacks').selectAll().execute()).toHaveLength(2);
    await pass(3 * HOUR);
    expect(await host.db.selectFrom('early_callbacks').select('message_sid').execute()).toEqual([
      { message_sid: 'SM2' },
    ]);
  });
});

describe.each(engines)('A sweep on %s', (engine) => {
  const storage = useStorage(engine);
  let dbs: [Database, Database];

  beforeEach(async () => {
    dbs = [
      await openDatabase(storage.url),
      engine === 'sqlite' ? await openDatabase('sqlite::memory:') : await openDatabase(storage.url),
    ];
  });
  afterEach(() => Promise.all(dbs.map((db) => db.destroy())));

  const sweep = { scope: 'default', now: 2000, until: 1000, limit: 50 };

  it('takes one batch after the other, each once', async () => {
    await store(dbs[0], 120);
    const batches: number[] = [];
    for (let index = 0; index < 4; index++) batches.push(await eraseInbound(dbs[0], sweep));
    expect(batches).toEqual([50, 50, 20, 0]);
    const rows = await dbs[0].selectFrom('inbound_messages').select(['params', 'erased_at', 'failure']).execute();
    expect(rows).toEqual(
      Array.from({ length: 120 }, () => ({ params: '{"MessageSid":"SM1"}', erased_at: 2000, failure: null })),
    );
  });

  it('erases what nobody can read, too', async () => {
    await store(dbs[0], 1, 'no JSON');
    expect(await eraseInbound(dbs[0], sweep)).toBe(1);
    expect(await dbs[0].selectFrom('inbound_messages').select('params').execute()).toEqual([{ params: '{}' }]);
  });

  if (engine === 'postgres') {
    it('of two replicas at once erases each row once, and neither waits for the other', async () => {
      await store(dbs[0], 120);
      const counts = await Promise.all(
        dbs.map(async (db) => {
          let erased = 0;
          for (let batch = 1; batch > 0; erased += batch) batch = await eraseInbound(db, sweep);
          return erased;
        }),
      );
      expect(counts[0]! + counts[1]!).toBe(120);
    });
  }
});

describe('What is left of a webhook', () => {
  it.each(Object.entries(inbound))('of kind %s says who and which, and nothing else', (_, build) => {
    const kept = identifyingParameters(build());
    expect(kept).toMatchObject({ MessageSid: expect.stringMatching(/^(SM|MM)/), From: expect.any(String) });
    for (const name of Object.keys(kept)) {
      expect(name).not.toMatch(
        /Body|Name|Text|Payload|Url|Latitude|Longitude|Label|Address|Referral|Metadata|Data|List/,
      );
    }
  });

  it('does not take a parameter from the prototype', () => {
    expect(identifyingParameters(Object.create({ From: 'x' }) as Record<string, string>)).toEqual({});
  });
});

/** Finished messages, failed once. */
async function store(db: Database, number: number, params = '{"MessageSid":"SM1","Body":"Hi"}'): Promise<void> {
  const work = { state: 'dead', attempts: 1, done_handlers: '[]', failure: 'Hi', finished_at: 1000 } as const;
  const rows = Array.from({ length: number }, (_, index) => ({
    id: `id-${index}`,
    scope: 'default',
    connection_id: 'default',
    conversation_id: 'conversation',
    dedupe_key: `SM${index}`,
    message_sid: `SM${index}`,
    params,
    received_at: 1000,
    ...work,
  }));
  await db.insertInto('inbound_messages').values(rows).execute();
}
