import { type CompiledQuery, type Insertable, sql } from 'kysely';
import type { Schema } from '../../src/whatsapp-twilio/storage/schema';
import { openStorage, type Storage } from '../../src/whatsapp-twilio/storage/storage';
import { DATABASE } from '../../src/whatsapp-twilio/tokens';
import { planOf, watched } from '../support/query-plans';
import { engines, useStorage } from '../support/storages';
import { startWhatsappHost, type WhatsappHost } from '../support/whatsapp-host';

type Message = Insertable<Schema['outbound_messages']>;

/** Each leads to what a claim takes, or to what stands directly before that. */
const INDEXES = ['turn', 'lost', 'ahead', 'expiring'].map((name) => `outbound_messages_${name}`);
const OF_ONE_MESSAGE = /_id_key|_pkey|_autoindex_|PRIMARY KEY/;
/** Holds nothing but messages that are to be tried again. */
const RETRIES = 'outbound_messages_retries';
const FAR = 1_000_000_000;
const AT_ONCE = 100;

describe.each(engines)('Behind thousands of messages that do not leave yet, on %s, a claim', (engine) => {
  const storage = useStorage(engine);
  let host: WhatsappHost;
  let opened: Storage;
  let queries: CompiledQuery[];

  beforeEach(async () => {
    opened = await openStorage(storage.url);
    queries = [];
    host = await startWhatsappHost({
      module: { storage: { url: storage.url }, publicUrl: undefined },
      overrides: [[DATABASE, watched(opened.db, queries)]],
    });
    await fill();
  });
  afterEach(async () => {
    await host.close();
    await opened.close();
  });

  /** Sends one, and then stores thousands like it that were sent, are not due, or wait for the one before them. */
  async function fill(): Promise<void> {
    await host.recorder.reaches(await host.outbound.send({ to: '+15551230001', text: 'Hi' }), 'accepted');
    const { seq: _, ...sent } = await opened.db.selectFrom('outbound_messages').selectAll().executeTakeFirstOrThrow();
    const now = sent.created_at;
    let ids = 0;
    const like = (count: number, differences: (index: number) => Partial<Message>): Message[] =>
      Array.from({ length: count }, (_message, index) => ({
        ...sent,
        id: `backlog-${ids++}`,
        twilio_sid: null,
        ...differences(index),
      }));
    const rows = [
      ...like(2000, (index) => ({ status: 'delivered', conversation_id: `old-${index % 20}` })),
      ...like(2000, (index) => ({
        status: 'scheduled',
        attempts: 0,
        due_at: now + FAR + index,
        conversation_id: `later-${index}`,
      })),
      ...like(1000, (index) => ({
        status: 'queued',
        due_at: now + FAR + index,
        expires_at: now + 2 * FAR,
        conversation_id: `again-${index}`,
      })),
      ...like(1, () => ({ status: 'sending', due_at: now + FAR, conversation_id: 'long' })),
      ...like(1000, (index) => ({
        status: 'queued',
        attempts: 0,
        due_at: now + (index % 100),
        conversation_id: 'long',
      })),
    ];
    for (let at = 0; at < rows.length; at += AT_ONCE) {
      await opened.db
        .insertInto('outbound_messages')
        .values(rows.slice(at, at + AT_ONCE))
        .execute();
    }
  }

  /** What the queries of a claim would read in vain, with the query. */
  async function readInVain(): Promise<string[]> {
    if (engine === 'postgres') await sql`analyze`.execute(opened.db);
    queries.length = 0;
    await host.recorder.reaches(await host.outbound.send({ to: '+15551230002', text: 'Hi' }), 'accepted');
    const distinct = new Map(queries.map((query) => [query.sql, query]));
    const found: string[] = [];
    for (const query of distinct.values()) {
      if (!query.sql.includes('outbound_messages')) continue;
      const plan = await planOf(opened.db, query);
      found.push(
        ...plan.filter((line, index) => isInVain(line, plan[index + 1])).map((line) => `${line}: ${query.sql}`),
      );
    }
    return found;
  }

  it('reads none of them', async () => {
    expect(await readInVain()).toEqual([]);
    expect(queries.filter((query) => query.sql.includes('outbound_messages')).length).toBeGreaterThan(5);
  });

  it.each(INDEXES)('would, without %s', async (index) => {
    await sql`drop index ${sql.ref(index)}`.execute(opened.db);
    expect(await readInVain()).not.toEqual([]);
  });
});

/** Whether this line of a plan reads messages by anything but what leads to those that are looked for. */
function isInVain(line: string, condition = ''): boolean {
  if (/Seq Scan on outbound_messages|\bSCAN (m|other|outbound_messages)\b/.test(line)) return true;
  const [, index] =
    /(?:Scan using|Bitmap Index Scan on|SEARCH .* USING(?: COVERING)? INDEX) (outbound_messages\w*)/.exec(line) ?? [];
  if (index === undefined || OF_ONE_MESSAGE.test(index) || [...INDEXES, RETRIES].includes(index)) return false;
  // The first of those that are not due yet tells when to look again.
  return !((index === 'outbound_messages_due' && `${line} ${condition}`.includes('due_at >')) || /due_at>/.test(line));
}
