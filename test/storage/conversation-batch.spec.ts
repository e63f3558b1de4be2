import fc from 'fast-check';
import type { Address } from '../../src/whatsapp-twilio/messages/address';
import {
  findOrCreateConversation,
  findOrCreateConversations,
  type Participants,
} from '../../src/whatsapp-twilio/storage/conversation-store';
import { type Database, openDatabase } from '../../src/whatsapp-twilio/storage/database';
import { engines, useStorage } from '../support/storages';

const SERVICE = `MG${'0'.repeat(32)}`;
const phones = ['+15551230001', '+15551230002'];
const bsuids = ['US.1', 'US.2'];

/** Few senders and users, so that they meet in every way. */
const participants: fc.Arbitrary<Participants> = fc
  .record({
    connectionId: fc.constantFrom('a', 'b'),
    sender: fc.constantFrom('+15550000001', '+15550000002', SERVICE),
    messagingServiceSid: fc.constantFrom(undefined, SERVICE),
    user: fc.oneof(
      fc.constantFrom(...phones).map((value): Address => ({ kind: 'phone', value })),
      fc.constantFrom(...bsuids).map((value): Address => ({ kind: 'bsuid', value })),
    ),
    userId: fc.constantFrom(undefined, ...bsuids),
  })
  .map(({ messagingServiceSid, userId, ...rest }) => {
    const service = messagingServiceSid === undefined ? {} : { messagingServiceSid };
    // It is from webhooks, and those are for a number.
    const hasBoth = userId !== undefined && rest.user.kind === 'phone' && rest.sender !== SERVICE;
    return Object.assign(rest, service, hasBoth ? { userId } : {});
  });

const oneByOne: typeof findOrCreateConversations = async (trx, list, now, newId) => {
  const rows = [];
  for (const each of list) rows.push(await findOrCreateConversation(trx, each, now, newId));
  return rows;
};

const ofOneNumber = (userId?: string): Participants => ({
  connectionId: 'a',
  sender: '+15550000001',
  user: { kind: 'phone', value: phones[0]! },
  ...(userId !== undefined && { userId }),
});

describe.each(engines)('On %s, conversations that are found together', (engine) => {
  const storage = useStorage(engine);
  let db: Database;

  beforeEach(async () => {
    db = await openDatabase(storage.url);
  });
  afterEach(() => db.destroy());

  /** What becomes of groups of messages, each in a transaction, when their conversations are found in this way. */
  async function outcome(
    groups: readonly (readonly Participants[])[],
    find: typeof findOrCreateConversations,
  ): Promise<unknown> {
    await db.deleteFrom('conversations').execute();
    let ids = 0;
    const found: string[] = [];
    for (const group of groups) {
      const rows = await db.transaction().execute((trx) => find(trx, group, 1, () => `c${++ids}`));
      found.push(...rows.map(({ id }) => id));
    }
    return { found, rows: await db.selectFrom('conversations').selectAll().orderBy('id').execute() };
  }

  it('are those that are found one by one', async () => {
    const groups = fc.array(fc.array(participants, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(groups, async (list) => {
        expect(await outcome(list, findOrCreateConversations)).toEqual(await outcome(list, oneByOne));
      }),
      { numRuns: 80 },
    );
  }, 60_000);

  it('are not those from before, once a message among them says that a number has a new user', async () => {
    const groups = [[ofOneNumber('US.1')], [ofOneNumber('US.2'), ofOneNumber()]];
    expect(await outcome(groups, findOrCreateConversations)).toEqual(await outcome(groups, oneByOne));
  });
});
