import { Inject, Injectable } from '@nestjs/common';
import { ConnectionRegistry } from '../connections/connection-registry';
import { inConversation } from '../conversations/conversation-filter';
import type { WhatsappMessage } from '../messages/inbound-message';
import { parseInboundMessage } from '../messages/parse-inbound-message';
import type { Database } from '../storage/database';
import { asList, canBeStored, idOfCursor, pageLimit, pageOf, type PageRequest } from '../storage/page';
import type { InboundRow } from '../storage/schema';
import { DATABASE } from '../tokens';

/** A stored message from a user, and how far its handling has come. */
export type ReceivedMessage = WhatsappMessage & {
  /** Ours, a UUIDv7; `sid` is Twilio's. */
  readonly id: string;
  readonly conversationId: string;
  /** `pending` until every handler is done with it; `dead` when they gave it up. */
  readonly handling: 'pending' | 'done' | 'dead';
  /** When what was written was erased (`retention.contentDays`). */
  readonly erasedAt?: Date;
};

/** Which messages `list()` gives; all of them, unless told otherwise. */
export interface InboundFilter extends PageRequest {
  /** The id of a conversation, or the address of a user. */
  readonly conversation?: string;
  /** The id of a connection, or of several. */
  readonly connection?: string | readonly string[] | undefined;
}

export interface InboundPage {
  /** Newest first. */
  readonly messages: readonly ReceivedMessage[];
  /** For the next page; absent on the last. */
  readonly nextCursor?: string;
}

/** What users wrote, as it is stored. */
@Injectable()
export class InboundMessages {
  constructor(
    @Inject(DATABASE) private readonly db: Database,
    private readonly connections: ConnectionRegistry,
  ) {}

  /** The message with this SID of Twilio's; `undefined` if there is none. */
  async get(sid: string): Promise<ReceivedMessage | undefined> {
    if (!canBeStored(sid)) return undefined;
    const row = await this.db
      .selectFrom('inbound_messages')
      .selectAll()
      .where('message_sid', '=', sid)
      .where('scope', '=', this.connections.scope)
      .orderBy('id')
      .executeTakeFirst();
    return row && toReceivedMessage(row);
  }

  /**
   * The messages that fit, newest first.
   *
   * @throws InvalidPageError (`INVALID_PAGE`) for a limit or a cursor that cannot be, or a conversation that is neither an
   * id nor an address.
   */
  async list({ conversation, connection, ...page }: InboundFilter = {}): Promise<InboundPage> {
    const limit = pageLimit(page.limit);
    let query = this.db.selectFrom('inbound_messages').selectAll().where('scope', '=', this.connections.scope);
    if (conversation !== undefined) query = query.where(inConversation(conversation));
    if (connection !== undefined) query = query.where('connection_id', 'in', asList(connection));
    if (page.cursor !== undefined) query = query.where('id', '<', idOfCursor(page.cursor));
    const found = await query
      .orderBy('id', 'desc')
      .limit(limit + 1)
      .execute();
    const { rows, ...next } = pageOf(found, limit);
    return { messages: rows.map(toReceivedMessage), ...next };
  }
}

export function toReceivedMessage(row: InboundRow): ReceivedMessage {
  const message = parseInboundMessage(JSON.parse(row.params) as Record<string, string>, {
    connectionId: row.connection_id,
    receivedAt: new Date(row.received_at),
  });
  return {
    id: row.id,
    conversationId: row.conversation_id,
    ...message,
    handling: row.state,
    ...(row.erased_at !== null && { erasedAt: new Date(row.erased_at) }),
  };
}
