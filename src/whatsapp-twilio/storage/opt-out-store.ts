import { sql, type RawBuilder } from 'kysely';
import type { DatabaseTransaction } from './database';
import type { ConversationRow, OptOutSource } from './schema';

/** Every conversation of a connection with the user of this one: an opt-out is about the user, whichever sender it met. */
function sameUser({ connection_id, user_phone, user_bsuid }: ConversationRow): RawBuilder<boolean> {
  return sql`connection_id = ${connection_id} and (user_phone = ${user_phone} or user_bsuid = ${user_bsuid})`;
}

/** Notes that the user wants nothing more, and gives the ids of all conversations with them. */
export async function storeOptOut(
  trx: DatabaseTransaction,
  conversation: ConversationRow,
  source: OptOutSource,
  now: number,
): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    update conversations set opted_out_at = coalesce(opted_out_at, ${now}),
      opt_out_source = case when opted_out_at is null then ${source} else opt_out_source end
    where ${sameUser(conversation)}
    returning id`.execute(trx);
  return rows.map(({ id }) => id);
}

export async function storeOptIn(trx: DatabaseTransaction, conversation: ConversationRow): Promise<void> {
  await sql`
    update conversations set opted_out_at = null, opt_out_source = null
    where ${sameUser(conversation)} and opted_out_at is not null`.execute(trx);
}

/** Which of the conversations are with users who want nothing more. */
export async function optedOutOf(
  trx: DatabaseTransaction,
  conversations: readonly ConversationRow[],
): Promise<ReadonlySet<string>> {
  const optedOut = new Set<string>();
  const others = new Map<string, ConversationRow>();
  for (const row of conversations) {
    if (row.opted_out_at === null) others.set(row.id, row);
    else optedOut.add(row.id);
  }
  if (others.size === 0) return optedOut;
  const phones = [...others.values()].map(({ user_phone }) => user_phone).filter((value) => value !== null);
  const bsuids = [...others.values()].map(({ user_bsuid }) => user_bsuid).filter((value) => value !== null);
  const found = await trx
    .selectFrom('conversations')
    .select(['connection_id', 'user_phone', 'user_bsuid'])
    // Written out, for the index of the few who have.
    .where(sql<boolean>`opted_out_at is not null`)
    .where(({ or, eb }) =>
      or([
        ...(phones.length > 0 ? [eb('user_phone', 'in', phones)] : []),
        ...(bsuids.length > 0 ? [eb('user_bsuid', 'in', bsuids)] : []),
      ]),
    )
    .execute();
  for (const row of others.values()) {
    const isSameUser = ({ connection_id, user_phone, user_bsuid }: (typeof found)[number]): boolean =>
      connection_id === row.connection_id &&
      ((user_phone !== null && user_phone === row.user_phone) ||
        (user_bsuid !== null && user_bsuid === row.user_bsuid));
    if (found.some(isSameUser)) optedOut.add(row.id);
  }
  return optedOut;
}
