import type { Clock } from '../common/clock';
import { parseDuration } from '../common/duration';

/** A clock that can be moved forward. */
export interface MovableClock extends Clock {
  /** By milliseconds, or by a duration such as `'25h'`; every timer due on the way fires, in order. */
  advance(by: number | string): void;
}

interface Timer {
  readonly at: number;
  readonly callback: () => void;
  cancel: () => void;
}

/** A clock that runs as another does, and can be moved ahead of it. */
export class OffsetClock implements MovableClock {
  #offset = 0;
  readonly #timers = new Set<Timer>();

  constructor(private readonly base: Clock) {}

  now(): number {
    return this.base.now() + this.#offset;
  }

  setTimeout(callback: () => void, delayMs: number): () => void {
    const timer: Timer = { at: this.now() + Math.max(0, delayMs), callback, cancel: () => undefined };
    this.#timers.add(timer);
    this.#arm(timer);
    return () => {
      this.#timers.delete(timer);
      timer.cancel();
    };
  }

  advance(by: number | string): void {
    const target = this.now() + parseDuration(by);
    for (let next = this.#firstUntil(target); next !== undefined; next = this.#firstUntil(target)) {
      this.#offset += Math.max(0, next.at - this.now());
      this.#fire(next);
    }
    this.#offset += Math.max(0, target - this.now());
    for (const timer of this.#timers) {
      timer.cancel();
      this.#arm(timer);
    }
  }

  /** The base may fire early: it cannot wait for more than 25 days. */
  #arm(timer: Timer): void {
    timer.cancel = this.base.setTimeout(
      () => {
        if (this.now() < timer.at) this.#arm(timer);
        else this.#fire(timer);
      },
      Math.max(0, timer.at - this.now()),
    );
  }

  #fire(timer: Timer): void {
    timer.cancel();
    if (this.#timers.delete(timer)) timer.callback();
  }

  #firstUntil(target: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.at <= target && (first === undefined || timer.at < first.at)) first = timer;
    }
    return first;
  }
}
