import { Inject, Injectable } from '@nestjs/common';
import { type Insertable, sql } from 'kysely';
import { EventLog, type NewEvent as LoggedEvent } from '../events/event-log';
import { WhatsappHandlers } from '../handlers/whatsapp-handlers';
import { mergeStatus, type OutboundStatus } from '../messages/message-status';
import { heedOverload } from '../outbound/sender-rest';
import type { DatabaseTransaction } from '../storage/database';
import type { EventSource, OutboundRow, Schema } from '../storage/schema';
import { updateEach } from '../storage/update-each';
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
  /** Another attempt to send it begins at this time. */
  readonly attemptedAt?: number;
  /** The process that is working on it; nobody, unless given. */
  readonly owner?: string;
  /** Since when nothing more can come of the request whose outcome is unknown. */
  readonly unknownSince?: number;
  /** From when on, if Twilio does not list the message, that request did not send it. */
  readonly settledAt?: number;
}

export type WaitingReason = 'rate-limit' | 'order' | 'window' | 'retry' | 'schedule' | 'reconcile';

/** Writes the history of outbound messages, and from it their status. */
@Injectable()
export class MessageJournal {
  constructor(
    private readonly handlers: WhatsappHandlers,
    private readonly log: EventLog,
    @Inject(RUNTIME) private readonly runtime: Runtime,
  ) {}

  /** Merges a report into the message: its status only moves forward, its error is never wiped by an emptier one. */
  async report(trx: DatabaseTransaction, row: OutboundRow, report: DeliveryReport): Promise<OutboundRow> {
    const [merged] = await this.reportAll(trx, [{ row, reports: [report] }]);
    return merged!;
  }

  /** Merges reports into several messages, each of which stands here once. A row that nothing changed is returned as is. */
  async reportAll(trx: DatabaseTransaction, reported: readonly Reported[]): Promise<OutboundRow[]> {
    const merges = reported.map(({ row, reports }) => {
      const steps: MergeStep[] = [];
      for (const report of reports) steps.push(this.merge(steps.at(-1)?.after ?? row, report));
      return { row, reports, steps };
    });
    const news = await this.addEvents(
      trx,
      merges.flatMap(({ steps }) => steps.map(({ event }) => event)),
    );
    const rows: OutboundRow[] = [];
    const changed: OutboundRow[] = [];
    for (const { row, reports, steps } of merges) {
      let isChanged = false;
      for (const [index, { event, after, moved }] of steps.entries()) {
        const isNews = news.has(eventKey(event.row));
        isChanged ||= isNews || moved || after.twilio_sid !== row.twilio_sid;
        if (isNews) await heedOverload(trx, row, reports[index]!.error?.code, after.updated_at);
      }
      const after = isChanged ? steps.at(-1)!.after : row;
      rows.push(after);
      if (isChanged) changed.push(after);
    }
    await updateEach(trx, 'outbound_messages', REPORTED, changed);
    return rows;
  }

  private merge(row: OutboundRow, report: DeliveryReport): MergeStep {
    const current = row.status as OutboundStatus;
    const status = mergeStatus(current, report.status);
    const moved = status !== current;
    const now = this.runtime.clock.now();
    const event = this.eventOf(row, {
      ...report,
      dedupeKey: `${report.status}:${report.error?.code ?? ''}`,
      wanted: moved,
    });
    const after = {
      ...row,
      status,
      twilio_sid: row.twilio_sid ?? report.sid ?? null,
      error: errorAfter(row.error, moved || status === report.status ? report.error : undefined, moved),
      // What Twilio has is no longer ours to send, whatever the request that is still under way will say.
      ...(moved && { due_at: null, waiting: null, owner: null, unknown_since: null }),
      check_at: firstCheckAt(status, now),
      updated_at: now,
    };
    return { event, after, moved };
  }

  /** Takes the step, which must fit the status that `row` was read with. */
  async step(trx: DatabaseTransaction, row: OutboundRow, step: OutboxStep): Promise<OutboundRow> {
    const [next] = await this.stepAll(trx, [row], step);
    return next!;
  }

  /** The same step with several messages at once. */
  async stepAll(trx: DatabaseTransaction, rows: readonly OutboundRow[], step: OutboxStep): Promise<OutboundRow[]> {
    if (rows.length === 0) return [];
    const { status, error, attemptedAt, unknownSince, settledAt } = step;
    const isAttempt = attemptedAt !== undefined;
    const common = {
      status,
      due_at: step.dueAt,
      waiting: step.waiting ?? null,
      owner: step.owner ?? null,
      ...(error && { error: JSON.stringify(error) }),
      ...(isAttempt && { attempted_at: attemptedAt }),
      ...(status !== 'unknown' && { unknown_since: null, settled_at: null }),
      ...(unknownSince !== undefined && { unknown_since: unknownSince }),
      ...(settledAt !== undefined && { settled_at: settledAt }),
      updated_at: this.runtime.clock.now(),
    };
    const next = rows.map((row) => ({ ...row, ...common, attempts: row.attempts + (isAttempt ? 1 : 0) }));
    const events = rows
      .filter((row) => row.status !== status)
      .map((row) => {
        const attempts = row.attempts + (isAttempt ? 1 : 0);
        return this.eventOf(row, { status, source: 'local', dedupeKey: `${status}#${attempts}`, error, wanted: true });
      });
    await this.addEvents(trx, events);
    for (const row of rows) await heedOverload(trx, row, error?.code, common.updated_at);
    await trx
      .updateTable('outbound_messages')
      .set({ ...common, ...(isAttempt && { attempts: sql<number>`attempts + 1` }) })
      .where(
        'seq',
        'in',
        rows.map(({ seq }) => seq),
      )
      .execute();
    return next;
  }

  /** The first entry of each new message. Nobody is told: the caller of `send()` knows. */
  async begin(trx: DatabaseTransaction, rows: readonly OutboundRow[]): Promise<void> {
    const entries = rows.map((row) => {
      const status = row.status as OutboundStatus;
      const { row: first } = this.eventOf(row, { status, source: 'local', dedupeKey: 'created', wanted: false });
      return { row: { ...first, previous_status: null } };
    });
    await this.addEvents(trx, entries);
  }

  private eventOf(row: OutboundRow, event: NewEvent): JournalEntry {
    const now = this.runtime.clock.now();
    const pending = event.wanted && this.handlers.wantsStatus(event.status);
    const at = event.at ?? now;
    const stored: NewEventRow = {
      message_id: row.id,
      scope: row.scope,
      connection_id: row.connection_id,
      dedupe_key: event.dedupeKey,
      status: event.status,
      previous_status: row.status,
      source: event.source,
      error: event.error ? JSON.stringify(event.error) : null,
      at,
      state: pending ? 'pending' : 'done',
      attempts: 0,
      due_at: pending ? now : null,
      done_handlers: '[]',
      failure: null,
      finished_at: null,
    };
    if (!event.wanted) return { row: stored };
    const { status, error } = event;
    return {
      row: stored,
      logged: {
        type: 'message.status',
        scope: row.scope,
        connectionId: row.connection_id,
        conversationId: row.conversation_id,
        subjectId: row.id,
        status,
        data: { status, previousStatus: row.status, ...(error && { error }) },
        at,
      },
    };
  }

  /** Resolves with the keys of those that are news. */
  private async addEvents(trx: DatabaseTransaction, events: readonly JournalEntry[]): Promise<ReadonlySet<string>> {
    if (events.length === 0) return new Set();
    const inserted = await trx
      .insertInto('message_events')
      .values(events.map(({ row }) => row))
      .onConflict((conflict) => conflict.columns(['message_id', 'dedupe_key']).doNothing())
      .returning(['message_id', 'dedupe_key'])
      .execute();
    const news = new Set(inserted.map(eventKey));
    const logged = events.filter(({ row }) => news.has(eventKey(row))).map((event) => event.logged);
    await this.log.append(
      trx,
      logged.filter((event) => event !== undefined),
    );
    return news;
  }
}

type NewEventRow = Insertable<Schema['message_events']>;

/** A line of the history, and what is told outside of it. */
interface JournalEntry {
  readonly row: NewEventRow;
  readonly logged?: LoggedEvent;
}

/** A message and what was reported about it, in the order it came. */
export interface Reported {
  readonly row: OutboundRow;
  readonly reports: readonly DeliveryReport[];
}

interface MergeStep {
  readonly event: JournalEntry;
  readonly after: OutboundRow;
  readonly moved: boolean;
}

function eventKey({ message_id, dedupe_key }: Pick<NewEventRow, 'message_id' | 'dedupe_key'>): string {
  return `${message_id} ${dedupe_key}`;
}

/** The columns that a report may change. */
const REPORTED = {
  status: 'text',
  twilio_sid: 'text',
  error: 'text',
  due_at: 'bigint',
  waiting: 'text',
  owner: 'text',
  unknown_since: 'bigint',
  check_at: 'bigint',
  updated_at: 'bigint',
} as const;

interface NewEvent {
  readonly status: OutboundStatus;
  readonly source: EventSource;
  readonly dedupeKey: string;
  readonly error?: MessageError | undefined;
  readonly at?: number | undefined;
  /** Whether the message moved, which is what handlers are told. */
  readonly wanted: boolean;
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
