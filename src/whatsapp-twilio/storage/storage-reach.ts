import { backoffMs } from '../../common/backoff';
import type { Clock } from '../../common/clock';
import { isConnectionError, reasonOf, StorageUnreachableError } from './connection-error';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5000;

/** A time during which the storage cannot be used. */
export interface Outage {
  readonly since: number;
  readonly reason: string;
}

export interface ReachListener {
  /** Also called when the reason changes to one that waiting alone will not mend. */
  away?(outage: Outage): void;
  back?(outage: Outage): void;
}

export interface StorageReachOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** Resolves when a new connection can be made and the storage used through it. */
  probe(): Promise<void>;
}

/**
 * Knows whether the storage can be reached, so that nobody has to find out by waiting. When a connection fails, a new
 * one is tried at once, and those who ask meanwhile wait for what comes of it: one broken connection is no outage. If
 * that fails too the storage is away, and is tried again, with growing pauses, until it is back.
 */
export class StorageReach {
  #outage: Outage | undefined;
  #inQuestion: Promise<void> | undefined;
  #failures = 0;
  #cancel: (() => void) | undefined;
  #stopped = false;
  #isEnding = false;
  readonly #listeners = new Set<ReachListener>();
  readonly #waiting = new Set<() => void>();

  constructor(private readonly options: StorageReachOptions) {}

  /** The outage that is known of; none while it is only in question. */
  get outage(): Outage | undefined {
    return this.#outage;
  }

  watch(listener: ReachListener): void {
    this.#listeners.add(listener);
  }

  /**
   * The first look. A storage that cannot be reached is away from the beginning.
   *
   * @throws what else the probe ends with: that would not get better by waiting.
   */
  async begin(): Promise<void> {
    try {
      await this.options.probe();
    } catch (error) {
      if (!isConnectionError(error)) throw error;
      this.#isAway(error);
    }
  }

  /**
   * Resolves when the storage can be used, as far as is known.
   *
   * @throws StorageUnreachableError when it is away.
   */
  async ready(): Promise<void> {
    await this.#inQuestion;
    if (this.#outage !== undefined) throw new StorageUnreachableError(this.#outage.reason);
  }

  /**
   * Resolves when the storage is back, at once if it is not away.
   *
   * @throws StorageUnreachableError when the process is about to end and it is still away.
   */
  async whenBack(): Promise<void> {
    await this.#inQuestion;
    if (this.#outage !== undefined && !this.#isEnding) {
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
    await this.ready();
  }

  /** The process is about to end: nobody is to wait for the storage any longer. */
  endWaiting(): void {
    this.#isEnding = true;
    this.#wakeWaiting();
  }

  /** Something failed. If it was a connection, is it that one alone? */
  failed(error: unknown): void {
    if (this.#stopped || this.#outage !== undefined || this.#inQuestion !== undefined) return;
    if (!isConnectionError(error)) return;
    this.#inQuestion = this.#ask().finally(() => (this.#inQuestion = undefined));
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  async #ask(): Promise<void> {
    try {
      await this.options.probe();
    } catch (error) {
      return this.#isAway(error);
    }
    this.#failures = 0;
    const outage = this.#outage;
    this.#outage = undefined;
    if (outage === undefined || this.#stopped) return;
    this.#wakeWaiting();
    for (const { back } of this.#listeners) back?.(outage);
  }

  #wakeWaiting(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  #isAway(error: unknown): void {
    if (this.#stopped) return;
    const { clock, random } = this.options;
    const before = this.#outage;
    const reason = reasonOf(error);
    this.#outage = { since: before?.since ?? clock.now(), reason };
    const pause = backoffMs(++this.#failures, FIRST_PAUSE_MS, LONGEST_PAUSE_MS, random);
    this.#cancel = clock.setTimeout(() => void this.#ask(), pause);
    const isNews = before === undefined || (!isConnectionError(error) && before.reason !== reason);
    if (!isNews) return;
    for (const { away } of this.#listeners) away?.(this.#outage);
  }
}
