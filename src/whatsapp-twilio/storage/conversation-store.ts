import { groupBy } from '../../common/group-by';
import type { IdFactory } from '../../common/ids';
import type { Address } from '../messages/address';
import type { DatabaseTransaction } from './database';
import { engineOf } from './engine';
import type { ConversationRow } from './schema';

/** Who talks to whom. A user is named by phone number, by business-scoped id, or by both at once. */
export interface Participants {
  readonly connectionId: string;
  /** Our phone number, or the SID of the messaging service that will choose one. */
  readonly sender: string;
  /** The service a number belongs to: a conversation that began through the service goes on under the number. */
  readonly messagingServiceSid?: string;
  readonly user: Address;
  readonly userId?: string;
}

/**
 * As `findOrCreateConversation()` for each, in their order. Those that are there already, and of which nothing new is
 * said, are found together.
 */
export async function findOrCreateConversations(
  trx: DatabaseTransaction,
  list: readonly Participants[],
  now: number,
  newId: IdFactory,
): Promise<ConversationRow[]> {
  const known = list.length > 1 ? await findKnown(trx, list) : new Map<string, ConversationRow>();
  /** Phone numbers and ids of users of whose conversations something changed meanwhile. */
  const changed = new Set<string | null>();
  const found: ConversationRow[] = [];
  for (const participants of list) {
    const { userId, user } = participants;
    const row = known.get(keyOf(participants, user.value));
    const isNew = row === undefined || (userId !== undefined && userId !== row.user_bsuid);
    if (isNew || changed.has(row.user_phone) || changed.has(row.user_bsuid)) {
      const fresh = await findOrCreateConversation(trx, participants, now, newId);
      for (const name of [user.value, userId, fresh.user_phone, fresh.user_bsuid]) if (name) changed.add(name);
      found.push(fresh);
    } else found.push(row);
  }
  return found;
}

/** Those with just this sender and user, each by `keyOf()`. They stay locked until the transaction ends. */
async function findKnown(
  trx: DatabaseTransaction,
  list: readonly Participants[],
): Promise<ReadonlyMap<string, ConversationRow>> {
  const known = new Map<string, ConversationRow>();
  for (const [column, kind] of [
    ['user_bsuid', 'bsuid'],
    ['user_phone', 'phone'],
  ] as const) {
    const ofKind = list.filter(({ user }) => user.kind === kind);
    for (const group of groupBy(ofKind, ({ connectionId, sender }) => `${connectionId} ${sender}`).values()) {
      const { connectionId, sender } = group[0]!;
      const rows = await trx
        .selectFrom('conversations')
        .selectAll()
        .where('connection_id', '=', connectionId)
        .where('sender', '=', sender)
        .where(column, 'in', [...new Set(group.map(({ user }) => user.value))])
        .orderBy('id') // the same order everywhere, so that no two wait for each other
        .modifyEnd(engineOf(trx).forUpdate)
        .execute();
      for (const row of rows) known.set(keyOf({ connectionId, sender }, row[column]!), row);
    }
  }
  return known;
}

function keyOf({ connectionId, sender }: Pick<Participants, 'connectionId' | 'sender'>, user: string): string {
  return `${connectionId} ${sender} ${user}`;
}

/**
 * Finds the conversation of a sender and a user, or begins it. It stays locked until the transaction ends, so that what is
 * added to it by several processes has one order.
 */
export async function findOrCreateConversation(
  trx: DatabaseTransaction,
  participants: Participants,
  now: number,
  newId: IdFactory,
): Promise<ConversationRow> {
  const phone = participants.user.kind === 'phone' ? participants.user.value : null;
  const bsuid = participants.user.kind === 'bsuid' ? participants.user.value : (participants.userId ?? null);

  for (const sender of [participants.sender, participants.messagingServiceSid]) {
    if (sender === undefined) continue;
    const found =
      (await findBy(trx, participants.connectionId, sender, 'user_bsuid', bsuid)) ??
      (await findBy(trx, participants.connectionId, sender, 'user_phone', phone));
    if (found === undefined) continue;
    if (found.user_bsuid !== null && bsuid !== null && found.user_bsuid !== bsuid) {
      // The number now belongs to another user; the earlier one stays known by id alone.
      await trx.updateTable('conversations').set({ user_phone: null }).where('id', '=', found.id).execute();
      continue;
    }
    return learn(trx, found, { sender: participants.sender, user_phone: phone, user_bsuid: bsuid });
  }

  const row: ConversationRow = {
    id: newId(),
    connection_id: participants.connectionId,
    sender: participants.sender,
    user_phone: phone,
    user_bsuid: bsuid,
    last_inbound_at: null,
    created_at: now,
    opted_out_at: null,
    opt_out_source: null,
  };
  const inserted = await trx
    .insertInto('conversations')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
  // Another process may have begun the same conversation in this moment.
  return inserted ?? findOrCreateConversation(trx, participants, now, newId);
}

/** The sender that last talked to this user: what a messaging service would choose again. */
export async function findLatestSender(
  trx: DatabaseTransaction,
  connectionId: string,
  user: Address,
): Promise<string | undefined> {
  const row = await trx
    .selectFrom('conversations')
    .select('sender')
    .where('connection_id', '=', connectionId)
    .where(user.kind === 'phone' ? 'user_phone' : 'user_bsuid', '=', user.value)
    .where('sender', 'not like', 'MG%')
    .where('last_inbound_at', 'is not', null)
    .orderBy('last_inbound_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.sender;
}

async function findBy(
  trx: DatabaseTransaction,
  connectionId: string,
  sender: string,
  column: 'user_phone' | 'user_bsuid',
  value: string | null,
): Promise<ConversationRow | undefined> {
  if (value === null) return undefined;
  return trx
    .selectFrom('conversations')
    .selectAll()
    .where('connection_id', '=', connectionId)
    .where('sender', '=', sender)
    .where(column, '=', value)
    .modifyEnd(engineOf(trx).forUpdate)
    .executeTakeFirst();
}

/** Adds to a conversation what this message tells of the user and of the sender. */
async function learn(
  trx: DatabaseTransaction,
  row: ConversationRow,
  seen: { sender: string; user_phone: string | null; user_bsuid: string | null },
): Promise<ConversationRow> {
  const next = {
    sender: seen.sender,
    user_phone: seen.user_phone ?? row.user_phone,
    user_bsuid: seen.user_bsuid ?? row.user_bsuid,
  };
  if (next.sender === row.sender && next.user_phone === row.user_phone && next.user_bsuid === row.user_bsuid)
    return row;
  if (next.user_phone !== null) {
    // A conversation that was found by id, or that moves to another sender, may meet one begun with the number alone.
    await trx
      .updateTable('conversations')
      .set({ user_phone: null })
      .where('connection_id', '=', row.connection_id)
      .where('sender', '=', next.sender)
      .where('user_phone', '=', next.user_phone)
      .where('id', '!=', row.id)
      .execute();
  }
  await trx.updateTable('conversations').set(next).where('id', '=', row.id).execute();
  return { ...row, ...next };
}
