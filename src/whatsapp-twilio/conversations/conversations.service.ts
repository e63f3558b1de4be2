import { Inject, Injectable } from '@nestjs/common';
import type { Connection } from '../connections/connection';
import { ConnectionRegistry } from '../connections/connection-registry';
import { TwilioClients } from '../connections/twilio-clients';
import { type ReceivedMessage, toReceivedMessage } from '../inbound/inbound-messages.service';
import { type Address, parseAddress, readAddress } from '../messages/address';
import { customerServiceWindow } from '../messages/conversation';
import { type OutboundMessage, toOutboundMessage } from '../outbound/outbound-message.view';
import { WaitingReasons } from '../outbound/waiting-reasons';
import type { Runtime } from '../runtime';
import type { Signals } from '../signals';
import { findOrCreateConversation } from '../storage/conversation-store';
import type { Database, DatabaseTransaction } from '../storage/database';
import { groupCommitOf } from '../storage/group-commit';
import type { ConversationRow, OptOutSource } from '../storage/schema';
import { DATABASE, RUNTIME, SIGNALS } from '../tokens';
import { userColumn } from './conversation-filter';
import { ConversationNotFoundError, InvalidAddressError, UnknownConnectionError } from './conversation.errors';
import { OptOuts } from './opt-outs';

/** What is known of a conversation: one sender of ours and one user. */
export interface ConversationView {
  readonly id: string;
  readonly connectionId: string;
  readonly user: Address;
  /** The user's business-scoped id, where Twilio sends one. */
  readonly userId?: string;
  /** Our number; absent while a messaging service has not chosen one. */
  readonly sender?: Address;
  readonly lastInboundAt?: Date;
  /** WhatsApp's 24 hours in which anything may be sent. */
  readonly window: { readonly open: boolean; readonly expiresAt?: Date };
  /** There, when the user wants nothing from us. */
  readonly optOut?: { readonly since: Date; readonly source: OptOutSource };
}

/** A message of either direction. */
export type ConversationMessage =
  | { readonly direction: 'inbound'; readonly at: Date; readonly message: ReceivedMessage }
  | { readonly direction: 'outbound'; readonly at: Date; readonly message: OutboundMessage };

export interface ConversationWithMessages extends ConversationView {
  /** The last 20 of this conversation, newest first. */
  readonly messages: readonly ConversationMessage[];
}

/** Whose conversation. */
export interface ConversationChoice {
  /** The id of a connection; the configured one unless given. */
  readonly connection?: string;
}

const LAST_MESSAGES = 20;

/** Who talks with whom, and whether they may be written to. */
@Injectable()
export class Conversations {
  constructor(
    @Inject(DATABASE) private readonly db: Database,
    @Inject(RUNTIME) private readonly runtime: Runtime,
    @Inject(SIGNALS) private readonly signals: Signals,
    private readonly connections: ConnectionRegistry,
    private readonly clients: TwilioClients,
    private readonly optOuts: OptOuts,
    private readonly reasons: WaitingReasons,
  ) {}

  /**
   * The conversation with a user, by phone number or business-scoped id, and its last messages; `undefined` if there was
   * never one. Of several, with several senders of ours, the one in which the user wrote last.
   *
   * @throws InvalidAddressError (`INVALID_ADDRESS`), UnknownConnectionError (`UNKNOWN_CONNECTION`).
   */
  async get(address: string, choice: ConversationChoice = {}): Promise<ConversationWithMessages | undefined> {
    const row = await this.find(this.db, await this.connection(choice), read(address));
    return row && { ...this.view(row), messages: await this.lastMessages(row.id) };
  }

  /**
   * Sends this user nothing more, and cancels what waits, until they write START or `optIn()` is called.
   *
   * @throws as `get()`.
   */
  async optOut(address: string, choice: ConversationChoice = {}): Promise<ConversationView> {
    const connection = await this.connection(choice);
    const user = read(address);
    const row = await groupCommitOf(this.db).run(async (trx) => {
      const found = (await this.find(trx, connection, user)) ?? (await this.begin(trx, connection, user));
      await this.optOuts.optOut(trx, found, 'api');
      return this.find(trx, connection, user);
    });
    this.signals.statuses.emit();
    this.signals.outbox.emit();
    return this.view(row!);
  }

  /**
   * Takes an opt-out back. Twilio has a list of its own: while it has the user there, it refuses messages (21610).
   *
   * @throws as `get()`, and ConversationNotFoundError (`CONVERSATION_NOT_FOUND`).
   */
  async optIn(address: string, choice: ConversationChoice = {}): Promise<ConversationView> {
    const connection = await this.connection(choice);
    const user = read(address);
    const row = await groupCommitOf(this.db).run(async (trx) => {
      const found = await this.find(trx, connection, user);
      if (found === undefined) throw new ConversationNotFoundError();
      await this.optOuts.optIn(trx, found);
      return this.find(trx, connection, user);
    });
    return this.view(row!);
  }

  /**
   * Shows the user that an answer is being written, for 25 seconds or until it comes, and their last message as read.
   *
   * @see https://www.twilio.com/docs/whatsapp/api/typing-indicators-resource
   * @throws as `optIn()` when the user never wrote, and TwilioError.
   */
  async typing(address: string, choice: ConversationChoice = {}): Promise<void> {
    const connection = await this.connection(choice);
    const conversation = await this.find(this.db, connection, read(address));
    const last =
      conversation &&
      (await this.db
        .selectFrom('inbound_messages')
        .select('message_sid')
        .where('conversation_id', '=', conversation.id)
        .where('message_sid', '!=', '')
        .orderBy('id', 'desc')
        .limit(1)
        .executeTakeFirst());
    if (!last) throw new ConversationNotFoundError();
    await this.clients.call(connection, (client) => client.showTyping(last.message_sid));
  }

  private async connection({ connection }: ConversationChoice): Promise<Connection> {
    const found = connection === undefined ? this.connections.default : await this.connections.byId(connection);
    if (found === undefined) throw new UnknownConnectionError();
    return found;
  }

  private find(db: Database, connection: Connection, user: Address): Promise<ConversationRow | undefined> {
    return db
      .selectFrom('conversations')
      .selectAll()
      .where('connection_id', '=', connection.id)
      .where(userColumn(user), '=', user.value)
      .orderBy(({ fn }) => fn.coalesce('last_inbound_at', 'created_at'), 'desc')
      .limit(1)
      .executeTakeFirst();
  }

  private begin(trx: DatabaseTransaction, connection: Connection, user: Address): Promise<ConversationRow> {
    // Without a sender of our own there is nobody yet whom the user could talk to; the opt-out counts for all of them.
    const sender = connection.from?.value ?? connection.messagingServiceSid ?? '';
    const participants = { connectionId: connection.id, sender, user };
    return findOrCreateConversation(trx, participants, this.runtime.clock.now(), this.runtime.newId);
  }

  private view(row: ConversationRow): ConversationView {
    const sender = parseAddress(row.sender);
    const { open, expiresAt } = customerServiceWindow(row.last_inbound_at ?? undefined, this.runtime.clock.now());
    return {
      id: row.id,
      connectionId: row.connection_id,
      user: readAddress(row.user_phone ?? row.user_bsuid ?? ''),
      ...(row.user_bsuid !== null && { userId: row.user_bsuid }),
      ...(sender && { sender }),
      ...(row.last_inbound_at !== null && { lastInboundAt: new Date(row.last_inbound_at) }),
      window: { open, ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt) }) },
      ...(row.opted_out_at !== null && {
        optOut: { since: new Date(row.opted_out_at), source: row.opt_out_source ?? 'api' },
      }),
    };
  }

  private async lastMessages(conversationId: string): Promise<ConversationMessage[]> {
    const received = await this.db
      .selectFrom('inbound_messages')
      .selectAll()
      .where('conversation_id', '=', conversationId)
      .orderBy('id', 'desc')
      .limit(LAST_MESSAGES)
      .execute();
    const sent = await this.db
      .selectFrom('outbound_messages')
      .selectAll()
      .where('conversation_id', '=', conversationId)
      .orderBy('id', 'desc')
      .limit(LAST_MESSAGES)
      .execute();
    const waiting = await this.reasons.of(sent);
    const messages: ConversationMessage[] = [
      ...received.map((row) => {
        const message = toReceivedMessage(row);
        return { direction: 'inbound' as const, at: message.receivedAt, message };
      }),
      ...sent.map((row) => {
        const message = toOutboundMessage(row, waiting.get(row.id));
        return { direction: 'outbound' as const, at: message.createdAt, message };
      }),
    ];
    return messages.toSorted((a, b) => b.at.getTime() - a.at.getTime()).slice(0, LAST_MESSAGES);
  }
}

function read(address: string): Address {
  const parsed = parseAddress(address);
  if (parsed === undefined) throw new InvalidAddressError();
  return parsed;
}
