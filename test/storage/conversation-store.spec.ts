import { parseAddress } from '../../src/whatsapp-twilio/messages/address';
import { findLatestSender, findOrCreateConversation } from '../../src/whatsapp-twilio/storage/conversation-store';
import { type Database, openDatabase } from '../../src/whatsapp-twilio/storage/database';

const SENDER = '+15550006789';
const SERVICE = `MG${'0'.repeat(32)}`;
const PHONE = '+15551230001';
const ANA = 'US.1';
const BEN = 'US.2';

interface Seen {
  sender?: string;
  messagingServiceSid?: string;
  user?: string;
  userId?: string;
  connectionId?: string;
}

describe('A conversation', () => {
  let db: Database;
  let ids = 0;

  beforeEach(async () => {
    db = await openDatabase('sqlite::memory:');
  });

  afterEach(() => db.destroy());

  /** The conversation of a message: by default between our number and the phone. */
  async function of({ sender = SENDER, user = PHONE, connectionId = 'default', ...more }: Seen = {}) {
    const participants = { connectionId, sender, user: parseAddress(user)!, ...more };
    return db.transaction().execute((trx) => findOrCreateConversation(trx, participants, 1, () => `c${++ids}`));
  }

  const stored = (id: string) =>
    db.selectFrom('conversations').selectAll().where('id', '=', id).executeTakeFirstOrThrow();

  const sayAt = async (sender: string, at: number) => {
    const { id } = await of({ sender });
    await db.updateTable('conversations').set({ last_inbound_at: at }).where('id', '=', id).execute();
  };
  const latest = (user: string) =>
    db.transaction().execute((trx) => findLatestSender(trx, 'default', parseAddress(user)!));

  it('is the same for each message of one user to one sender', async () => {
    const { id } = await of();
    expect((await of()).id).toBe(id);
  });

  it('is another for another sender, user or connection', async () => {
    const all = [
      await of(),
      await of({ sender: '+15550000002' }),
      await of({ user: '+15551230002' }),
      await of({ connectionId: 'b' }),
    ];
    expect(new Set(all.map(({ id }) => id)).size).toBe(4);
  });

  it('known by phone learns the business-scoped id, and is found by either', async () => {
    const { id } = await of();
    expect((await of({ userId: ANA })).id).toBe(id);
    expect((await of({ user: ANA })).id).toBe(id);
    expect(await stored(id)).toMatchObject({ user_phone: PHONE, user_bsuid: ANA });
  });

  it('known by business-scoped id learns the phone, and is found by either', async () => {
    const { id } = await of({ user: ANA });
    expect((await of({ userId: ANA })).id).toBe(id);
    expect((await of()).id).toBe(id);
    expect(await stored(id)).toMatchObject({ user_phone: PHONE, user_bsuid: ANA });
  });

  it('follows its user to a new phone', async () => {
    const { id } = await of({ userId: ANA });
    expect((await of({ user: '+15551230009', userId: ANA })).id).toBe(id);
    expect(await stored(id)).toMatchObject({ user_phone: '+15551230009' });
    expect((await of()).id).not.toBe(id);
  });

  it('keeps its user when the phone number goes to somebody else', async () => {
    const ana = await of({ userId: ANA });
    const ben = await of({ userId: BEN });
    expect(ben.id).not.toBe(ana.id);
    expect(await stored(ana.id)).toMatchObject({ user_phone: null, user_bsuid: ANA });
    expect((await of()).id).toBe(ben.id);
    expect((await of({ user: ANA })).id).toBe(ana.id);
  });

  it('that was begun with the phone alone gives the phone up to the one the id names', async () => {
    const byId = await of({ user: ANA });
    const byPhone = await of();
    expect(byPhone.id).not.toBe(byId.id);
    expect((await of({ userId: ANA })).id).toBe(byId.id);
    expect((await of()).id).toBe(byId.id);
    expect(await stored(byPhone.id)).toMatchObject({ user_phone: null });
  });

  it('begun through a messaging service goes on under the number that the service chose', async () => {
    const { id } = await of({ sender: SERVICE, messagingServiceSid: SERVICE });
    expect((await of({ messagingServiceSid: SERVICE, userId: ANA })).id).toBe(id);
    expect(await stored(id)).toMatchObject({ sender: SENDER, user_bsuid: ANA });
    expect((await of()).id).toBe(id);
  });

  it('moves to the number although another was begun there with the phone alone', async () => {
    const atNumber = await of();
    const atService = await of({ sender: SERVICE, messagingServiceSid: SERVICE, userId: ANA });
    // This one says only the id: nothing leads to the first.
    expect((await of({ messagingServiceSid: SERVICE, user: ANA })).id).toBe(atService.id);
    expect(await stored(atService.id)).toMatchObject({ sender: SENDER, user_phone: PHONE, user_bsuid: ANA });
    expect(await stored(atNumber.id)).toMatchObject({ user_phone: null });
  });

  it('tells which number last talked to a user, as a service would choose it again', async () => {
    await sayAt('+15550000002', 200);
    await sayAt(SENDER, 100);
    await sayAt(SERVICE, 300);
    expect(await latest(PHONE)).toBe('+15550000002');
    expect(await latest('+15551230099')).toBeUndefined();
  });
});
