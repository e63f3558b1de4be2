import { ManualClock } from '../../src/common/manual-clock';

/** A clock that is moved by hand, and tells when somebody has begun to wait for a moment. */
export class TestClock extends ManualClock {
  readonly #due = new Map<symbol, number>();
  readonly #waiting = new Set<() => void>();

  /** Begins now, as other clocks of the test may be the system's. */
  constructor() {
    super(Date.now());
  }

  override setTimeout(callback: () => void, delayMs: number): () => void {
    const id = Symbol();
    this.#due.set(id, this.now() + Math.max(0, delayMs));
    const cancel = super.setTimeout(() => {
      this.#due.delete(id);
      callback();
    }, delayMs);
    for (const check of this.#waiting) check();
    return () => {
      this.#due.delete(id);
      cancel();
    };
  }

  /** Moves to this time, once somebody waits for exactly it. */
  async reach(time: number | Date): Promise<void> {
    const at = typeof time === 'number' ? time : time.getTime();
    await new Promise<void>((resolve) => {
      const check = () => {
        if (![...this.#due.values()].includes(at)) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
    this.advance(at - this.now());
  }
}
