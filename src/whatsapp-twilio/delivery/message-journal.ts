import { Inject, Injectable } from '@nestjs/common';
import { EventLog } from '../events/event-log';
import { WhatsappHandlers } from '../handlers/whatsapp-handlers';
import { mergeStatus, type OutboundStatus } from '../messages/message-status';
import type { DatabaseTransaction } from '../storage/database';
import type { EventSource, OutboundRow } from '../storage/schema';
import type { MessageError } from '../twilio/error-catalogue';
import { RUNTIME } from '../tokens';
import type { Runtime } from '../runtime';
import { firstCheckAt } from './check-times';

/** Something that Twilio said about a message. */
export interface DeliveryReport {
  readonly status: OutboundStatus;
  readonly source: EventSource;
  readonly sid?: string;
  readonly error?: MessageError;
  /** When we learnt of it, in milliseconds since 1970; now, unless given. */
  readonly at?: number;
}

/** A step that the outbox itself takes with a message, also back to `queued`. */
export interface OutboxStep {
  readonly status: OutboundStatus;
  /** When there is something to do next; null for never. */
  readonly dueAt: number | null;
  readonly waiting?: WaitingReason | null;
  readonly error?: MessageError;
  readonly attempts?: number;
  readonly attemptedAt?: number;
  /** The process that is working on it; nobody, unless given. */
  readonly owner?: string;
  /** Since when nothing more can come of the request whose outcome is unknown. */
  readonly unknownSince?: number;
}

export type WaitingReason = 'rate-limit' | 'order' | 'window' | 'retry' | 'schedule' | 'reconcile';

/** Writes the history of outbound messages, and from it their status. */
@Injectable()
export class MessageJournal {
  constructor(
    private readonly handlers: WhatsappHandlers,
    private readonly events: EventLog,
    @Inject(RUNTIME) private readonly runtime: Runtime,
  ) {}

  /** Merges a report into the message: its status only moves forward, its error is never wiped by an emptier one. */
  async report(trx: DatabaseTransaction, row: OutboundRow, report: DeliveryReport): Promise<OutboundRow> {
    const current = row.status as OutboundStatus;
    const status = mergeStatus(current, report.status);
    const moved = status !== current;
    const now = this.runtime.clock.now();
    const next = {
      status,
      twilio_sid: row.twilio_sid ?? report.sid ?? null,
      error: errorAfter(row.error, moved || status === report.status ? report.error : undefined, moved),
      // What Twilio has is no longer ours to send, whatever the request that is still under way will say.
      ...(moved && { due_at: null, waiting: null, owner: null, unknown_since: null }),
      check_at: firstCheckAt(status, now),
      updated_at: now,
    };
    const isNews = await this.addEvent(trx, row, {
      status: report.status,
      source: report.source,
      dedupeKey: `${report.status}:${report.error?.code ?? ''}`,
      error: report.error,
      at: report.at,
      wanted: moved,
    });
    if (!isNews && !moved && next.twilio_sid === row.twilio_sid) return row;
    await trx.updateTable('outbound_messages').set(next).where('id', '=', row.id).execute();
    return { ...row, ...next };
  }

  /** Takes the step, which must fit the status that `row` was read with. */
  async step(trx: DatabaseTransaction, row: OutboundRow, step: OutboxStep): Promise<OutboundRow> {
    const next = {
      status: step.status,
      due_at: step.dueAt,
      waiting: step.waiting ?? null,
      error: step.error ? JSON.stringify(step.error) : row.error,
      attempts: step.attempts ?? row.attempts,
      attempted_at: step.attemptedAt ?? row.attempted_at,
      owner: step.owner ?? null,
      unknown_since: step.status === 'unknown' ? (step.unknownSince ?? row.unknown_since) : null,
      updated_at: this.runtime.clock.now(),
    };
    if (step.status !== row.status) {
      await this.addEvent(trx, row, {
        status: step.status,
        source: 'local',
        dedupeKey: `${step.status}#${next.attempts}`,
        error: step.error,
        wanted: true,
      });
    }
    await trx.updateTable('outbound_messages').set(next).where('id', '=', row.id).execute();
    return { ...row, ...next };
  }

  /** The first entry of a new message. Nobody is told: the caller of `send()` knows. */
  async begin(trx: DatabaseTransaction, row: OutboundRow): Promise<void> {
    await this.addEvent(trx, row, {
      status: row.status as OutboundStatus,
      source: 'local',
      dedupeKey: 'created',
      error: undefined,
      wanted: false,
    });
  }

  private async addEvent(
    trx: DatabaseTransaction,
    row: OutboundRow,
    event: {
      status: OutboundStatus;
      source: EventSource;
      dedupeKey: string;
      error: MessageError | undefined;
      at?: number | undefined;
      /** Whether the message moved, which is what handlers are told. */
      wanted: boolean;
    },
  ): Promise<boolean> {
    const now = this.runtime.clock.now();
    const pending = event.wanted && this.handlers.wantsStatus(event.status);
    const inserted = await trx
      .insertInto('message_events')
      .values({
        message_id: row.id,
        scope: row.scope,
        connection_id: row.connection_id,
        dedupe_key: event.dedupeKey,
        status: event.status,
        previous_status: event.dedupeKey === 'created' ? null : row.status,
        source: event.source,
        error: event.error ? JSON.stringify(event.error) : null,
        at: event.at ?? now,
        state: pending ? 'pending' : 'done',
        attempts: 0,
        due_at: pending ? now : null,
        done_handlers: '[]',
        failure: null,
        finished_at: null,
      })
      .onConflict((conflict) => conflict.columns(['message_id', 'dedupe_key']).doNothing())
      .executeTakeFirst();
    const isNews = inserted.numInsertedOrUpdatedRows === 1n;
    if (isNews && event.wanted) {
      await this.events.append(trx, {
        type: 'message.status',
        scope: row.scope,
        connectionId: row.connection_id,
        conversationId: row.conversation_id,
        subjectId: row.id,
        status: event.status,
        data: { status: event.status, previousStatus: row.status, ...(event.error && { error: event.error }) },
        at: event.at ?? now,
      });
    }
    return isNews;
  }
}

function errorAfter(stored: string | null, reported: MessageError | undefined, moved: boolean): string | null {
  if (reported === undefined) return stored;
  const isEmptier = typeof reported.code !== 'number' && stored !== null;
  return isEmptier || (!moved && stored !== null && typeof parse(stored).code === 'number')
    ? stored
    : JSON.stringify(reported);
}

function parse(stored: string): MessageError {
  return JSON.parse(stored) as MessageError;
}
