import { Inject, Injectable } from '@nestjs/common';
import { ConnectionRegistry } from '../connections/connection-registry';
import type { StatusUpdate } from '../delivery/status-update';
import { toReceivedMessage } from '../inbound/inbound-messages.service';
import { readAddress } from '../messages/address';
import type { OutboundStatus } from '../messages/message-status';
import type { Database } from '../storage/database';
import type { EventRow } from '../storage/schema';
import { DATABASE } from '../tokens';
import type { MessageError } from '../twilio/error-catalogue';
import type { WhatsappEvent } from './event';
import { EventLog } from './event-log';

/** An event and its place in the log. */
export interface PlacedEvent {
  readonly position: number;
  readonly event: WhatsappEvent;
}

/** An event, and the trace of the message it is about, as a `traceparent`. */
export interface TracedEvent {
  readonly event: WhatsappEvent;
  readonly trace: string | null;
}

/** What an event of a status change has beside the message. */
export interface StatusEventData {
  readonly status: OutboundStatus;
  readonly previousStatus?: OutboundStatus;
  readonly error?: MessageError;
}

/** Reads the log of events (`events.log`), each with the message it is about as that is now. */
@Injectable()
export class EventReader {
  constructor(
    @Inject(DATABASE) private readonly db: Database,
    private readonly log: EventLog,
    private readonly connections: ConnectionRegistry,
  ) {}

  /** Up to `limit` events behind a position, in the order they were committed. */
  async after(position: number, limit: number): Promise<readonly PlacedEvent[]> {
    const rows = await this.log.after(this.connections.scope, position, limit);
    const events: PlacedEvent[] = [];
    for (const row of rows) {
      const found = await this.read(row);
      if (found !== undefined) events.push({ position: row.position!, event: found.event });
    }
    return events;
  }

  /** Where the log begins and ends. Who has read up to before `first` has missed what was removed since. */
  bounds(): Promise<{ readonly first: number; readonly last: number }> {
    return this.log.bounds();
  }

  /** Calls back when there may be something new, until the returned function is called. */
  onNews(listener: () => void): () => void {
    return this.log.placed.on(listener);
  }

  /** The event of a row with its message; `undefined` when that is gone. */
  async read(row: EventRow): Promise<TracedEvent | undefined> {
    const head = {
      id: row.id,
      connectionId: row.connection_id,
      conversationId: row.conversation_id,
      at: new Date(row.at),
    };
    if (row.type === 'message.received') {
      const message = await this.db
        .selectFrom('inbound_messages')
        .selectAll()
        .where('id', '=', row.subject_id)
        .executeTakeFirst();
      return message && { event: { ...head, type: row.type, data: toReceivedMessage(message) }, trace: message.trace };
    }
    const message = await this.db
      .selectFrom('outbound_messages')
      .select(['twilio_sid', 'to_address', 'metadata', 'trace'])
      .where('id', '=', row.subject_id)
      .executeTakeFirst();
    if (message === undefined) return undefined;
    const data: StatusUpdate = {
      messageId: row.subject_id,
      ...(message.twilio_sid !== null && { sid: message.twilio_sid }),
      connectionId: row.connection_id,
      conversationId: row.conversation_id,
      to: readAddress(message.to_address),
      ...(JSON.parse(row.data) as StatusEventData),
      metadata: JSON.parse(message.metadata) as Record<string, string>,
      at: head.at,
    };
    return { event: { ...head, type: row.type, data }, trace: message.trace };
  }
}
