import type { Clock } from '../../src/common/clock';
import { type HandlerFailure, HandlerQueue } from '../../src/whatsapp-twilio/handlers/handler-queue';
import type { Database } from '../../src/whatsapp-twilio/storage/database';
import type { InboundRow } from '../../src/whatsapp-twilio/storage/schema';
import { WorkQueue, type WorkStep } from '../../src/whatsapp-twilio/storage/work-queue';
import { Happenings } from '../support/happenings';

/** The table as a queue, telling what was recorded in it. */
class ObservedQueue extends WorkQueue<'inbound_messages'> {
  readonly steps = new Happenings<{ readonly sid: string; readonly step: WorkStep }>();
  readonly extensions = new Happenings<number>();

  override async recordAll(...[trx, steps, now]: Parameters<WorkQueue<'inbound_messages'>['recordAll']>) {
    await super.recordAll(trx, steps, now);
    for (const { row, step } of steps) this.steps.add({ sid: row.message_sid, step });
  }

  override async extendLeases(rows: Iterable<InboundRow>, leaseUntil: number): Promise<void> {
    await super.extendLeases(rows, leaseUntil);
    this.extensions.add(leaseUntil);
  }
}

export interface WorkerOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly random?: () => number;
  readonly concurrency?: number;
  readonly timeoutMs?: number;
  readonly maxAttempts?: number;
  readonly retryDelayMs?: number;
  /** By name; what one returns is stored as a time in `send_slots`, where the test finds it. */
  readonly handlers: Readonly<Record<string, (row: InboundRow) => number | void | Promise<number | void>>>;
}

/** A queue of handlers on its own, and what it did. */
export function createWorker({ db, clock, random = () => 0.5, handlers, ...settings }: WorkerOptions) {
  const rows = new ObservedQueue(db, 'inbound_messages', 'default');
  const failures = new Happenings<HandlerFailure & { readonly sid: string }>();
  const errors = new Happenings<unknown>();
  let kept = 0;
  const queue = new HandlerQueue<'inbound_messages', number | void>(rows, {
    db,
    clock,
    random,
    settings: { concurrency: 20, timeoutMs: 120_000, maxAttempts: 8, retryDelayMs: 1000, ...settings },
    keyOf: () => '',
    tasksOf: (row) => {
      if (row.params === 'unreadable') return Promise.reject(new Error('unreadable'));
      return Promise.resolve(Object.entries(handlers).map(([name, run]) => ({ name, run: () => run(row) })));
    },
    async keep(trx, times) {
      for (const at of times) {
        if (at !== undefined)
          await trx.insertInto('send_slots').values({ account_sid: 'AC', priority: 'bulk', at }).execute();
        if (at === Number.MAX_SAFE_INTEGER) throw new Error('cannot be kept');
      }
    },
    kept: () => void kept++,
    onFailure: (row, failure) => failures.add({ sid: row.message_sid, ...failure }),
    onError: (error) => errors.add(error),
  });
  return {
    rows,
    queue,
    failures,
    errors,
    kept: () => kept,
    /** Resolves once nothing is left to do on the row. */
    finished: (sid: string) =>
      rows.steps.first((step) => step.sid === sid && (step.step.state === 'done' || step.step.state === 'dead')),
  };
}

/** Puts a message in the inbox, as the webhook does. */
export async function arrives(
  db: Database,
  sid: string,
  conversation: string,
  at: number,
  params = '{}',
): Promise<void> {
  const work = {
    state: 'pending' as const,
    attempts: 0,
    due_at: at,
    done_handlers: '[]',
    failure: null,
    finished_at: null,
  };
  await db
    .insertInto('inbound_messages')
    .values({
      id: sid,
      scope: 'default',
      connection_id: 'default',
      conversation_id: conversation,
      dedupe_key: sid,
      message_sid: sid,
      params,
      received_at: at,
      ...work,
    })
    .execute();
}

export function rowOf(db: Database, sid: string): Promise<InboundRow> {
  return db.selectFrom('inbound_messages').selectAll().where('message_sid', '=', sid).executeTakeFirstOrThrow();
}

/** What the handlers' results left behind. */
export async function results(db: Database): Promise<number[]> {
  const slots = await db.selectFrom('send_slots').select('at').orderBy('seq').execute();
  return slots.map(({ at }) => at);
}
