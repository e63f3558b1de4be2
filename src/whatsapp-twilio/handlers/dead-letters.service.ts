import { Inject, Injectable } from '@nestjs/common';
import { type RawBuilder, sql } from 'kysely';
import { ConnectionRegistry } from '../connections/connection-registry';
import type { OutboundStatus } from '../messages/message-status';
import type { Runtime } from '../runtime';
import type { Signals } from '../signals';
import type { Database, DatabaseTransaction } from '../storage/database';
import { engineOf } from '../storage/engine';
import { type PageRequest, pageLimit } from '../storage/page';
import type { EventType } from '../storage/schema';
import type { WorkTable } from '../storage/work-queue';
import { DATABASE, RUNTIME, SIGNALS } from '../tokens';
import { type DeadLetter, DeadLetterErasedError, DeadLetterNotFoundError, type DeadLetterPage } from './dead-letter';
import { byPlace, type DeadLetterPlace, fromCursor, toCursor } from './dead-letter-cursor';

type Kind = DeadLetter['kind'];

/** A dead row of either table, with what the other table knows of its message. */
interface DeadRow {
  readonly seq: number;
  readonly id: string | null;
  readonly connection_id: string;
  readonly conversation_id: string;
  readonly message_sid: string | null;
  readonly message_id: string | null;
  readonly status: string | null;
  readonly subscriber: string | null;
  readonly event_id: string | null;
  readonly event_type: string | null;
  readonly done_handlers: string;
  readonly failure: string | null;
  readonly attempts: number;
  readonly received_at: number;
  readonly finished_at: number;
  readonly erased_at: number | null;
}

const tables = {
  message: 'inbound_messages',
  status: 'message_events',
  event: 'event_deliveries',
} as const satisfies Record<Kind, WorkTable>;
/** Who has something to do once it is replayed. */
const signals = { message: 'inbox', status: 'statuses', event: 'events' } as const satisfies Record<
  Kind,
  keyof Signals
>;
const kinds = ['event', 'message', 'status'] as const satisfies readonly Kind[];
/** What the rows of a table are worked on in the order of, one at a time: it is locked while one joins the queue. */
const owners = {
  message: { table: 'conversations', column: 'conversation_id' },
  status: { table: 'outbound_messages', column: 'message_id' },
  event: { table: 'conversations', column: 'conversation_id' },
} as const;

/** Status updates and deliveries have no id of their own but their place in the table. */
const NUMBERED_ID = /^(status|event)-([1-9]\d{0,14})$/;

/**
 * The messages and status updates that handlers could not handle, and the events that subscribers would not take: to look
 * at, and to hand to them again.
 *
 * @example
 * const { deadLetters } = await service.list();
 * for (const { id } of deadLetters) await service.replay(id);
 */
@Injectable()
export class DeadLetters {
  constructor(
    @Inject(DATABASE) private readonly db: Database,
    @Inject(RUNTIME) private readonly runtime: Runtime,
    @Inject(SIGNALS) private readonly signals: Signals,
    private readonly connections: ConnectionRegistry,
  ) {}

  /**
   * Lists them, those given up last first.
   *
   * @throws InvalidPageError (`INVALID_PAGE`) for another limit, or a cursor that no page gave.
   */
  async list({ limit, cursor }: PageRequest = {}): Promise<DeadLetterPage> {
    const most = pageLimit(limit);
    const after = cursor === undefined ? undefined : fromCursor(cursor);
    const found: (DeadLetterPlace & { readonly row: DeadRow })[] = [];
    for (const kind of kinds) {
      const rows = await this.select(kind, isAfter(kind, after), most + 1);
      found.push(...rows.map((row) => ({ deadAt: row.finished_at, kind, seq: row.seq, row })));
    }
    found.sort(byPlace);
    const page = found.slice(0, most);
    return {
      deadLetters: page.map(({ kind, row }) => toDeadLetter(kind, row)),
      ...(found.length > most && { nextCursor: toCursor(page.at(-1)!) }),
    };
  }

  /** The dead letter with this id; `undefined` if there is none, or none any more. */
  async get(id: string): Promise<DeadLetter | undefined> {
    const named = this.read(id);
    const row = named && (await this.select(named.kind, named.condition, 1))[0];
    return row && toDeadLetter(named.kind, row);
  }

  /**
   * Hands it to its handlers again, but for those that succeeded, with as many tries as a new one has. It goes behind
   * what waits in its conversation. Resolves once that is stored.
   *
   * @throws DeadLetterNotFoundError (`DEAD_LETTER_NOT_FOUND`) when there is none with this id, or none any more.
   * @throws DeadLetterErasedError (`DEAD_LETTER_ERASED`) when the content of the message was erased.
   */
  async replay(id: string): Promise<void> {
    const named = this.read(id);
    if (named === undefined) throw new DeadLetterNotFoundError();
    const { kind, condition } = named;
    await this.db.transaction().execute(async (trx) => {
      const row = (await this.select(kind, condition, 1, trx))[0];
      if (row === undefined) throw new DeadLetterNotFoundError();
      if (kind === 'message' && row.erased_at !== null) throw new DeadLetterErasedError();
      await this.requeue(trx, kind, row);
    });
    this.signals[signals[kind]].emit();
  }

  /**
   * The row moves to the end of its table: before those that were claimed meanwhile it would be worked on beside them.
   * Its new place also keeps a worker from the time before its death from recording anything.
   */
  private async requeue(trx: DatabaseTransaction, kind: Kind, row: DeadRow): Promise<void> {
    const table = sql.table(tables[kind]);
    const engine = engineOf(trx);
    const owner = kind === 'status' ? row.message_id : row.conversation_id;
    await sql`select id from ${sql.table(owners[kind].table)} where id = ${owner} ${engine.forUpdate}`.execute(trx);
    const nextSeq = engine.name === 'postgres' ? sql`default` : sql`(select max(seq) + 1 from ${table})`;
    const { numAffectedRows } = await sql`
      update ${table} set seq = ${nextSeq}, state = 'pending', attempts = 0, due_at = ${this.runtime.clock.now()},
        owner = null, finished_at = null
        ${kind === 'event' ? sql`, created_at = ${this.runtime.clock.now()}` : sql``}
      where seq = ${row.seq} and state = 'dead'
        ${kind === 'message' ? sql`and erased_at is null` : sql``}`.execute(trx);
    // Somebody else was faster.
    if (numAffectedRows !== 1n) throw new DeadLetterNotFoundError();
  }

  /** Which row the id names, if it can be one. */
  private read(id: unknown): { kind: Kind; condition: RawBuilder<unknown> } | undefined {
    if (typeof id !== 'string' || id.length > 64 || id.includes('\0')) return undefined;
    const [, kind, seq] = NUMBERED_ID.exec(id) ?? [];
    return kind === undefined
      ? { kind: 'message', condition: sql`item.id = ${id}` }
      : { kind: kind as Kind, condition: sql`item.seq = ${Number(seq)}` };
  }

  private async select(
    kind: Kind,
    condition: RawBuilder<unknown>,
    limit: number,
    db: Database = this.db,
  ): Promise<readonly DeadRow[]> {
    const source = sources[kind];
    const { rows } = await sql<DeadRow>`
      ${source}
      where item.state = 'dead' and ${condition} and item.scope = ${this.connections.scope}
      order by item.finished_at desc, item.seq desc
      limit ${limit}`.execute(db);
    return rows;
  }
}

const sources: Readonly<Record<Kind, RawBuilder<unknown>>> = {
  message: sql`
    select item.seq, item.id, item.connection_id, item.conversation_id, item.message_sid, null as message_id,
      null as status, null as subscriber, null as event_id, null as event_type, item.done_handlers, item.failure,
      item.attempts, item.received_at, item.finished_at, item.erased_at
    from inbound_messages as item`,
  status: sql`
    select item.seq, null as id, item.connection_id, message.conversation_id, message.twilio_sid as message_sid,
      item.message_id, item.status, null as subscriber, null as event_id, null as event_type, item.done_handlers,
      item.failure, item.attempts, item.at as received_at, item.finished_at, null as erased_at
    from message_events as item join outbound_messages as message on message.id = item.message_id`,
  event: sql`
    select item.seq, null as id, item.connection_id, item.conversation_id, null as message_sid, null as message_id,
      null as status, item.subscriber, item.event_id, event.type as event_type, item.done_handlers, item.failure,
      item.attempts, event.at as received_at, item.finished_at, null as erased_at
    from event_deliveries as item join events as event on event.id = item.event_id`,
};

/** Whether a row of this kind comes after the place, in the order of `byPlace()`. */
function isAfter(kind: Kind, after: DeadLetterPlace | undefined): RawBuilder<unknown> {
  if (after === undefined) return sql`true`;
  const { deadAt, seq } = after;
  if (kind === after.kind) return sql`(item.finished_at, item.seq) < (${deadAt}, ${seq})`;
  return kind < after.kind ? sql`item.finished_at < ${deadAt}` : sql`item.finished_at <= ${deadAt}`;
}

function toDeadLetter(kind: Kind, row: DeadRow): DeadLetter {
  const common = {
    connectionId: row.connection_id,
    conversationId: row.conversation_id,
    ...(row.message_sid && { messageSid: row.message_sid }),
    handlersDone: JSON.parse(row.done_handlers) as string[],
    ...(row.failure !== null && { failure: row.failure }),
    attempts: row.attempts,
    receivedAt: new Date(row.received_at),
    deadAt: new Date(row.finished_at),
  };
  switch (kind) {
    case 'message':
      return { id: row.id!, kind, ...common };
    case 'status':
      return {
        id: `status-${row.seq}`,
        kind,
        messageId: row.message_id!,
        status: row.status as OutboundStatus,
        ...common,
      };
    default:
      return {
        id: `event-${row.seq}`,
        kind,
        subscriber: row.subscriber!,
        eventId: row.event_id!,
        eventType: row.event_type as EventType,
        ...common,
      };
  }
}
