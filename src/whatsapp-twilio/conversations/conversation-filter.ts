import { type RawBuilder, sql } from 'kysely';
import { type Address, parseAddress } from '../messages/address';
import { InvalidPageError } from '../storage/page';

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Which conversations a list is about: one by its id, or all with the user of an address.
 *
 * @throws InvalidPageError for what is neither.
 */
export function inConversation(conversation: string): RawBuilder<boolean> {
  if (ID.test(conversation)) return sql`conversation_id = ${conversation}`;
  const address = parseAddress(conversation);
  if (address === undefined) {
    throw new InvalidPageError(
      'conversation',
      'must be the id of a conversation, a phone number such as +15551230001, or a business-scoped user id.',
    );
  }
  return sql`conversation_id in (select id from conversations where ${sql.ref(userColumn(address))} = ${address.value})`;
}

/** The column that knows this kind of address. */
export function userColumn({ kind }: Address): 'user_phone' | 'user_bsuid' {
  return kind === 'phone' ? 'user_phone' : 'user_bsuid';
}
