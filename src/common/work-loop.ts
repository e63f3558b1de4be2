import { AsyncResource } from 'node:async_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from './clock';

/** How long a stopping process waits for what is under way. */
const DRAIN_MS = 10_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

/** What a look for work found. */
export interface Claim<Item> {
  readonly items: readonly Item[];
  /** When the next look is worth while, if nothing wakes the loop before. */
  readonly nextAt?: number | undefined;
}

export interface WorkLoopOptions<Item> {
  readonly clock: Clock;
  /** How many items are worked on at the same time. */
  readonly concurrency: number;
  /** Looks at least this often: others may have left work without a word. */
  readonly lookEveryMs?: number | undefined;
  claim(limit: number): Promise<Claim<Item>>;
  /** Works on one item. What it throws goes to `onError` and harms no other item. */
  run(item: Item): Promise<void>;
  onError(error: unknown): void;
}

/**
 * Claims work and does it, up to a number of items at the same time; a place that becomes free is filled at once.
 * Between looks it sleeps until it is woken or until the next item is due.
 */
export class WorkLoop<Item> {
  #running = false;
  #looking = false;
  #lookAgain = false;
  #active = 0;
  #failures = 0;
  #cancelTimer: (() => void) | undefined;
  #onIdle: (() => void)[] = [];
  /** What wakes the loop, as a request, is not what its work is for: neither its log nor its trace. */
  readonly #outside = new AsyncResource('WorkLoop');

  constructor(private readonly options: WorkLoopOptions<Item>) {}

  start(): void {
    this.#running = true;
    this.wake();
  }

  /** There may be work. Cheap, and safe to call at any time. */
  wake(): void {
    if (!this.#running) return;
    if (this.#looking) this.#lookAgain = true;
    else void this.#outside.runInAsyncScope(() => this.#look());
  }

  /** Claims nothing more; resolves once what was under way is finished, or after the limit. */
  async stop(limitMs = DRAIN_MS): Promise<void> {
    this.#running = false;
    this.#cancelTimer?.();
    if (this.#active === 0 && !this.#looking) return;
    await new Promise<void>((resolve) => {
      const cancel = this.options.clock.setTimeout(resolve, limitMs);
      this.#onIdle.push(() => {
        cancel();
        resolve();
      });
    });
  }

  async #look(): Promise<void> {
    this.#looking = true;
    this.#cancelTimer?.();
    do {
      // Those who wake it in the same turn of the event loop get one look.
      await nextTurn();
      this.#lookAgain = false;
      const free = this.options.concurrency - this.#active;
      if (free > 0) await this.#claim(free);
    } while (this.#lookAgain && this.#running);
    this.#looking = false;
    this.#settle();
  }

  async #claim(limit: number): Promise<void> {
    try {
      const { items, nextAt } = await this.options.claim(limit);
      this.#failures = 0;
      for (const item of items) void this.#run(item);
      const { lookEveryMs, clock } = this.options;
      const latest = lookEveryMs === undefined ? undefined : clock.now() + lookEveryMs;
      const times = [nextAt, latest].filter((time) => time !== undefined);
      if (times.length > 0) this.#wakeAt(Math.min(...times));
    } catch (error) {
      this.options.onError(error);
      const pause = Math.min(FIRST_PAUSE_MS * 2 ** this.#failures++, LONGEST_PAUSE_MS);
      this.#wakeAt(this.options.clock.now() + pause);
    }
  }

  async #run(item: Item): Promise<void> {
    this.#active++;
    try {
      await this.options.run(item);
    } catch (error) {
      this.options.onError(error);
    }
    this.#active--;
    this.wake();
    this.#settle();
  }

  #wakeAt(time: number): void {
    this.#cancelTimer?.();
    if (!this.#running) return;
    this.#cancelTimer = this.options.clock.setTimeout(() => this.wake(), Math.max(1, time - this.options.clock.now()));
  }

  #settle(): void {
    if (this.#running || this.#active > 0 || this.#looking) return;
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }
}
