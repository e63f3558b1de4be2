import { ManualClock } from '../../src/common/manual-clock';

const LIMIT_MS = 25_000;

/** A clock that is moved by hand, and knows when somebody has begun to wait for a moment. */
export class TestClock extends ManualClock {
  readonly #due = new Map<symbol, number>();
  readonly #waiting = new Set<() => void>();

  /** Begins now, as other clocks of the test may be the system's. */
  constructor() {
    super(Date.now());
  }

  override setTimeout(callback: () => void, delayMs: number): () => void {
    const id = Symbol();
    const fire = () => {
      if (this.#due.delete(id)) callback();
    };
    this.#due.set(id, this.now() + delayMs);
    // A clock that stands still never gets to the next millisecond, which is what "at once" looks like.
    const cancel = delayMs <= 1 ? cancelable(fire) : super.setTimeout(fire, delayMs);
    for (const check of this.#waiting) check();
    return () => {
      this.#due.delete(id);
      cancel();
    };
  }

  /**
   * Moves to this time, once somebody waits for exactly it.
   *
   * @throws when nobody does in time.
   */
  async reach(time: number | Date): Promise<void> {
    const at = Number(time);
    await new Promise<void>((resolve, reject) => {
      const limit = setTimeout(() => {
        this.#waiting.delete(check);
        const others = [...this.#due.values()].map((due) => due - this.now());
        reject(new Error(`Nobody waits for ${at - this.now()} ms from now, but for ${others.join(', ')}.`));
      }, LIMIT_MS);
      const check = () => {
        if (![...this.#due.values()].includes(at)) return;
        clearTimeout(limit);
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
    this.advance(at - this.now());
  }
}

function cancelable(callback: () => void): () => void {
  const immediate = setImmediate(callback);
  return () => clearImmediate(immediate);
}
