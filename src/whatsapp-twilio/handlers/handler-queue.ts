import type { Clock } from '../../common/clock';
import { backoffMs } from '../../common/backoff';
import { WorkLoop } from '../../common/work-loop';
import type { WhatsappTwilioSettings } from '../contract/validate-options';
import type { Database, DatabaseTransaction } from '../storage/database';
import { lookEveryMs } from '../storage/engine';
import { commitPersistently, persistently } from '../storage/persistently';
import { LeaseLostError, type WorkQueue, type WorkRow, type WorkStep, type WorkTable } from '../storage/work-queue';

const LEASE_MS = 30_000;
const LONGEST_RETRY_DELAY_MS = 600_000;

/** One handler's share of the work on a row. */
export interface HandlerTask<Result> {
  readonly name: string;
  run(): Result | Promise<Result>;
}

export interface HandlerQueueOptions<Row, Result> {
  readonly db: Database;
  readonly clock: Clock;
  readonly random: () => number;
  readonly settings: WhatsappTwilioSettings['handlers'] & { readonly longestRetryDelayMs?: number };
  /** Whether a row that failed is given up at this time, before its tries run out. */
  isSpent?(row: Row, now: number): boolean;
  /** What the row is about: what is written about one thing keeps its order. */
  keyOf(row: Row): string;
  /** The handlers that want this row. */
  tasksOf(row: Row): Promise<readonly HandlerTask<Result>[]>;
  /** Stores what the handler returned, in the transaction that also records that it is done. */
  keep(trx: DatabaseTransaction, row: Row, task: HandlerTask<Result>, result: Result): Promise<void>;
  /** Called after a result was committed. */
  kept?(row: Row, task: HandlerTask<Result>, result: Result): void;
  onFailure(row: Row, failure: HandlerFailure): void;
  onError(error: unknown): void;
}

export interface HandlerFailure {
  /** The names of the handlers that failed. */
  readonly handlers: readonly string[];
  readonly errors: readonly unknown[];
  /** When it is tried again; never, if it is a dead letter now. */
  readonly retryAt?: number;
}

/**
 * Runs the handlers of each row: all of them, whatever one of them throws, and each until it succeeded once. What is
 * left is tried again with growing delays, then becomes a dead letter, and the rows behind it go on. An error that says
 * `retryable: false` is not tried again.
 */
export class HandlerQueue<Table extends WorkTable, Result> {
  readonly #loop: WorkLoop<WorkRow<Table>>;
  /** What is ours until it is recorded how it ended. */
  readonly #held = new Set<WorkRow<Table>>();
  /** Those of them that are still being worked on. */
  readonly #inFlight = new Set<WorkRow<Table>>();
  #isClaimLost = false;
  #stopped = false;
  #cancelHeartbeat: (() => void) | undefined;

  constructor(
    private readonly queue: WorkQueue<Table>,
    private readonly options: HandlerQueueOptions<WorkRow<Table>, Result>,
  ) {
    this.#loop = new WorkLoop({
      clock: options.clock,
      concurrency: options.settings.concurrency,
      lookEveryMs: lookEveryMs(options.db),
      claim: (limit) => this.#claim(limit),
      run: (row) => this.#run(row),
      onError: (error) => {
        if (!(error instanceof LeaseLostError)) options.onError(error);
      },
    });
  }

  start(): void {
    this.#loop.start();
    this.#beat();
  }

  wake(): void {
    this.#loop.wake();
  }

  /** Claims nothing more; resolves once the handlers under way are done, or after the limit. */
  async stop(): Promise<void> {
    await this.#loop.stop();
    this.#stopped = true;
    this.#cancelHeartbeat?.();
  }

  async #claim(limit: number) {
    const now = this.options.clock.now();
    if (this.#isClaimLost) await this.queue.releaseAllBut(this.#held, now);
    this.#isClaimLost = true; // until all is known that the caller needs
    const items = await this.queue.claim(limit, now, now + LEASE_MS);
    const nextAt = await this.queue.nextDueAt(now);
    this.#isClaimLost = false;
    for (const row of items) {
      this.#held.add(row);
      this.#inFlight.add(row);
    }
    return { items, nextAt };
  }

  async #run(row: WorkRow<Table>): Promise<void> {
    try {
      await this.#runHandlers(row);
    } finally {
      this.#held.delete(row);
      this.#inFlight.delete(row);
    }
  }

  async #runHandlers(row: WorkRow<Table>): Promise<void> {
    if (row.attempts > this.options.settings.maxAttempts) {
      // Every try was begun and none came back: it may be this row that ends the process each time.
      return this.#finish(row, [{ name: 'handlers', error: new AbandonedError() }]);
    }
    let tasks: readonly HandlerTask<Result>[];
    try {
      tasks = await persistently(this.options.db, () => this.options.tasksOf(row));
    } catch (error) {
      return this.#finish(row, [{ name: 'reading', error }]);
    }
    const done = new Set(JSON.parse(row.done_handlers) as string[]);
    const failed: FailedTask[] = [];
    for (const task of tasks) {
      if (done.has(task.name)) continue;
      try {
        const result = await this.#withTimeLimit(task);
        done.add(task.name);
        const isLast = failed.length === 0 && task === tasks.at(-1);
        const step = { done_handlers: JSON.stringify([...done]), ...(isLast && this.#doneStep()) };
        await this.#commit(row, step, (trx) => this.options.keep(trx, row, task, result));
        this.options.kept?.(row, task, result);
        if (isLast) return;
      } catch (error) {
        if (error instanceof LeaseLostError) throw error;
        done.delete(task.name);
        failed.push({ name: task.name, error });
      }
    }
    await this.#finish(row, failed);
  }

  async #finish(row: WorkRow<Table>, failed: readonly FailedTask[]): Promise<void> {
    const { clock, settings, random, isSpent } = this.options;
    const now = clock.now();
    this.#inFlight.delete(row); // from here on the heartbeat must not touch its due time
    if (failed.length === 0) {
      await this.#commit(row, this.#doneStep());
      return;
    }
    const failure = failed.map(({ name, error }) => `${name}: ${describe(error)}`).join('\n');
    const report = { handlers: failed.map(({ name }) => name), errors: failed.map(({ error }) => error) };
    const isHopeless = failed.every(({ error }) => (error as { retryable?: unknown } | null)?.retryable === false);
    if (isHopeless || row.attempts >= settings.maxAttempts || isSpent?.(row, now)) {
      await this.#commit(row, { state: 'dead', due_at: null, owner: null, failure, finished_at: now });
      this.options.onFailure(row, report);
      return;
    }
    const longest = settings.longestRetryDelayMs ?? LONGEST_RETRY_DELAY_MS;
    const retryAt = now + backoffMs(row.attempts, settings.retryDelayMs, longest, random);
    await this.#commit(row, { due_at: retryAt, owner: null, failure });
    this.options.onFailure(row, { ...report, retryAt });
  }

  #doneStep(): WorkStep {
    return { state: 'done', due_at: null, owner: null, failure: null, finished_at: this.options.clock.now() };
  }

  async #withTimeLimit(task: HandlerTask<Result>): Promise<Result> {
    const { clock, settings } = this.options;
    let cancel: (() => void) | undefined;
    const limit = new Promise<never>((_, reject) => {
      cancel = clock.setTimeout(
        () => reject(new HandlerTimeoutError(task.name, settings.timeoutMs)),
        settings.timeoutMs,
      );
    });
    try {
      return await Promise.race([Promise.resolve().then(() => task.run()), limit]);
    } finally {
      cancel?.();
    }
  }

  #commit(row: WorkRow<Table>, step: WorkStep, before?: (trx: DatabaseTransaction) => Promise<void>): Promise<void> {
    const { db, keyOf } = this.options;
    const record = async (trx: DatabaseTransaction): Promise<void> => {
      await before?.(trx);
      await this.queue.record(row, step, trx);
    };
    return commitPersistently(db, record, keyOf(row));
  }

  /** A handler may take longer than a lease; while this process lives, it keeps what it works on. */
  #beat(): void {
    if (this.#stopped) return;
    this.#cancelHeartbeat = this.options.clock.setTimeout(() => {
      const until = this.options.clock.now() + LEASE_MS;
      void this.queue
        .extendLeases(this.#inFlight, until)
        .catch(this.options.onError)
        .then(() => this.#beat());
    }, LEASE_MS / 3);
  }
}

interface FailedTask {
  readonly name: string;
  readonly error: unknown;
}

class AbandonedError extends Error {
  readonly code = 'HANDLER_ABANDONED';

  constructor() {
    super('Each try was cut off before it ended, as when the process is killed. Look for what its handlers do then.');
    this.name = 'AbandonedError';
  }
}

/** A handler did not come back in time. It may still be running: a handler can run more than once for one message. */
export class HandlerTimeoutError extends Error {
  readonly code = 'HANDLER_TIMEOUT';

  constructor(name: string, timeoutMs: number) {
    super(`${name} did not finish within ${timeoutMs} ms (handlers.timeoutMs).`);
    this.name = 'HandlerTimeoutError';
  }
}

const LONGEST_FAILURE = 2000;

function describe(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.slice(0, LONGEST_FAILURE);
}
