import type { Clock } from '../../common/clock';
import { backoffMs } from '../../common/backoff';
import { WorkLoop } from '../../common/work-loop';
import type { WhatsappTwilioSettings } from '../contract/validate-options';
import { BatchCommit } from '../storage/batch-commit';
import type { Database, DatabaseTransaction } from '../storage/database';
import { lookEveryMs } from '../storage/engine';
import { persistently } from '../storage/persistently';
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
  /** Stores what handlers returned, in the transaction that also records that they are done. */
  keep(trx: DatabaseTransaction, results: readonly Result[]): Promise<void>;
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
  readonly #commits: BatchCommit<Entry<Table, Result>>;
  /** No lease of what is in flight ends before this. */
  #leasedUntil = 0;
  #isClaimLost = false;
  #stopped = false;
  #cancelHeartbeat: (() => void) | undefined;

  constructor(
    private readonly queue: WorkQueue<Table>,
    private readonly options: HandlerQueueOptions<WorkRow<Table>, Result>,
  ) {
    const keyOf = ({ row }: Entry<Table, Result>): string => options.keyOf(row);
    this.#commits = new BatchCommit(options.db, keyOf, (trx, entries) => this.#store(trx, entries));
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
    // After a standstill of the process its leases are over, but not its work: it must not take up its own again.
    if (now >= this.#leasedUntil) await this.#extendLeases();
    if (this.#isClaimLost) await this.queue.releaseAllBut(this.#held, now);
    this.#isClaimLost = true; // until all is known that the caller needs
    const items = await this.queue.claim(limit, now, now + LEASE_MS);
    // When all places are taken, the next look is when one becomes free.
    const nextAt = items.length < limit ? await this.queue.nextDueAt(now) : undefined;
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
        const step = { done_handlers: JSON.stringify([...done]), ...(isLast && DONE) };
        await this.#commit({ row, step, kept: { result } });
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
      await this.#commit({ row, step: DONE });
      return;
    }
    const failure = failed.map(({ name, error }) => `${name}: ${describe(error)}`).join('\n');
    const report = { handlers: failed.map(({ name }) => name), errors: failed.map(({ error }) => error) };
    const isHopeless = failed.every(({ error }) => (error as { retryable?: unknown } | null)?.retryable === false);
    if (isHopeless || row.attempts >= settings.maxAttempts || isSpent?.(row, now)) {
      await this.#commit({ row, step: { state: 'dead', due_at: null, owner: null, failure } });
      this.options.onFailure(row, report);
      return;
    }
    const longest = settings.longestRetryDelayMs ?? LONGEST_RETRY_DELAY_MS;
    const retryAt = now + backoffMs(row.attempts, settings.retryDelayMs, longest, random);
    await this.#commit({ row, step: { due_at: retryAt, owner: null, failure } });
    this.options.onFailure(row, { ...report, retryAt });
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

  /** It has happened already, so it must not be lost. */
  #commit(entry: Entry<Table, Result>): Promise<void> {
    return persistently(this.options.db, () => this.#commits.add(entry));
  }

  async #store(trx: DatabaseTransaction, entries: readonly Entry<Table, Result>[]): Promise<void> {
    const kept = entries.map((entry) => entry.kept).filter((one) => one !== undefined);
    if (kept.length > 0) {
      await this.options.keep(
        trx,
        kept.map(({ result }) => result),
      );
    }
    await this.queue.recordAll(trx, entries, this.options.clock.now());
  }

  /** A handler may take longer than a lease; while this process lives, it keeps what it works on. */
  #beat(): void {
    if (this.#stopped) return;
    this.#cancelHeartbeat = this.options.clock.setTimeout(() => {
      void this.#extendLeases()
        .catch(this.options.onError)
        .then(() => this.#beat());
    }, LEASE_MS / 3);
  }

  async #extendLeases(): Promise<void> {
    const until = this.options.clock.now() + LEASE_MS;
    await this.queue.extendLeases(this.#inFlight, until);
    this.#leasedUntil = until;
  }
}

/** How a piece of work ended, with what there is to keep of it. */
interface Entry<Table extends WorkTable, Result> {
  readonly row: WorkRow<Table>;
  readonly step: WorkStep;
  readonly kept?: { readonly result: Result };
}

const DONE: WorkStep = { state: 'done', due_at: null, owner: null, failure: null };

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
