import { Inject, Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import { Signal } from '../../common/signal';
import type { WhatsappTwilioSettings } from '../contract/validate-options';
import type { Runtime } from '../runtime';
import type { Database, DatabaseTransaction } from '../storage/database';
import { engineOf } from '../storage/engine';
import type { EventRow, EventType } from '../storage/schema';
import { DATABASE, RUNTIME, SETTINGS } from '../tokens';
import type { EventHead, EventSubscriber } from './event';

/** What is written down about an event. */
export interface NewEvent {
  readonly type: EventType;
  readonly scope: string;
  readonly connectionId: string;
  readonly conversationId: string;
  /** The inbound or outbound message, by our id. */
  readonly subjectId: string;
  /** What is not found there. */
  readonly data?: Readonly<Record<string, unknown>>;
  readonly status?: string;
  readonly at: number;
}

/** A subscriber that cannot say is told: nothing is lost over it, least of all the message. */
function isWanted(subscriber: EventSubscriber, head: EventHead): boolean {
  try {
    return subscriber.wants?.(head) ?? true;
  } catch {
    return true;
  }
}

const MOST_PLACED_AT_ONCE = 1000;

/**
 * The log of what happened, written in the transaction in which it happens. It holds references: what was written in a
 * message stays in the message alone.
 *
 * On PostgreSQL sequence numbers are given before a commit and come out of order, so who reads by them can miss one. An
 * event gets its position after its commit, from one process at a time: positions come out in their order.
 */
@Injectable()
export class EventLog {
  /** Events may have got their positions. */
  readonly placed = new Signal();
  private readonly placesItself: boolean;

  constructor(
    @Inject(SETTINGS) private readonly settings: WhatsappTwilioSettings,
    @Inject(DATABASE) private readonly db: Database,
    @Inject(RUNTIME) private readonly runtime: Runtime,
  ) {
    // One writer at a time: what is written later is committed later.
    this.placesItself = engineOf(db).name === 'sqlite';
  }

  get isKept(): boolean {
    return this.settings.events.log;
  }

  /** Adds events, and the work of telling those who want them. Nothing, if no log is kept and nobody wants them. */
  async append(trx: DatabaseTransaction, events: readonly NewEvent[]): Promise<void> {
    const wanted = events
      .map((event) => ({ id: this.runtime.newId(), event, subscribers: this.subscribersOf(event) }))
      .filter(({ subscribers }) => this.isKept || subscribers.length > 0);
    if (wanted.length === 0) return;
    const last = this.placesItself ? await this.takePositions(trx, wanted.length) : undefined;
    await trx
      .insertInto('events')
      .values(
        wanted.map(({ id, event }, index) => ({
          id,
          position: last === undefined ? null : last - wanted.length + index + 1,
          scope: event.scope,
          connection_id: event.connectionId,
          conversation_id: event.conversationId,
          type: event.type,
          subject_id: event.subjectId,
          data: JSON.stringify(event.data ?? {}),
          at: event.at,
        })),
      )
      .execute();
    const now = this.runtime.clock.now();
    const deliveries = wanted.flatMap(({ id, event, subscribers }) =>
      subscribers.map(({ name }) => ({
        scope: event.scope,
        connection_id: event.connectionId,
        conversation_id: event.conversationId,
        subscriber: name,
        order_key: `${name}:${event.conversationId}`,
        event_id: id,
        state: 'pending' as const,
        attempts: 0,
        due_at: now,
        owner: null,
        done_handlers: '[]',
        failure: null,
        created_at: now,
        finished_at: null,
      })),
    );
    if (deliveries.length > 0) await trx.insertInto('event_deliveries').values(deliveries).execute();
  }

  /** Gives committed events their positions. Returns whether there may be more. */
  async place(): Promise<boolean> {
    if (this.placesItself) return false;
    return this.db.transaction().execute(async (trx) => {
      const { last } = await trx
        .selectFrom('event_positions')
        .select('last')
        .where('id', '=', 1)
        .forUpdate()
        .executeTakeFirstOrThrow();
      const { rows } = await sql<{ position: number }>`
        update events set position = cast(${last} as bigint) + unplaced.place
        from (
          select seq, row_number() over (order by seq) as place from events
          where position is null order by seq limit ${MOST_PLACED_AT_ONCE}
        ) as unplaced
        where events.seq = unplaced.seq
        returning events.position`.execute(trx);
      if (rows.length === 0) return false;
      await trx
        .updateTable('event_positions')
        .set({ last: last + rows.length })
        .where('id', '=', 1)
        .execute();
      return rows.length === MOST_PLACED_AT_ONCE;
    });
  }

  /** Events behind a position, in their order. */
  after(scope: string, position: number, limit: number): Promise<EventRow[]> {
    return this.db
      .selectFrom('events')
      .selectAll()
      .where('position', '>', position)
      .where('scope', '=', scope)
      .orderBy('position')
      .limit(limit)
      .execute();
  }

  /** The position of the last event, and before the first that is still kept; equal, if none is. */
  async bounds(): Promise<{ readonly first: number; readonly last: number }> {
    const { last } = await this.db
      .selectFrom('event_positions')
      .select('last')
      .where('id', '=', 1)
      .executeTakeFirstOrThrow();
    const oldest = await this.db
      .selectFrom('events')
      .select('position')
      .where('position', 'is not', null)
      .orderBy('position')
      .limit(1)
      .executeTakeFirst();
    return { first: oldest ? oldest.position! - 1 : last, last };
  }

  private subscribersOf({ type, connectionId, status }: NewEvent): readonly EventSubscriber[] {
    const head: EventHead = { type, connectionId, ...(status !== undefined && { status }) };
    return this.settings.events.subscribers.filter((subscriber) => isWanted(subscriber, head));
  }

  /** Returns the last of so many positions. */
  private async takePositions(trx: DatabaseTransaction, count: number): Promise<number> {
    const { last } = await trx
      .updateTable('event_positions')
      .set(({ eb }) => ({ last: eb('last', '+', count) }))
      .where('id', '=', 1)
      .returning('last')
      .executeTakeFirstOrThrow();
    return last;
  }
}
