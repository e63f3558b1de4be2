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

export async function isOptedOut(trx: DatabaseTransaction, conversation: ConversationRow): Promise<boolean> {
  if (conversation.opted_out_at !== null) return true;
  const { rows } = await sql`
    select 1 from conversations where ${sameUser(conversation)} and opted_out_at is not null limit 1`.execute(trx);
  return rows.length > 0;
}
