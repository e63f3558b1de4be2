import type { Clock } from '../common/clock';

/**
 * Everything that is under way or due later, so that one can wait for quiet and stop without leaving anything behind.
 */
export class Work {
  readonly #running = new Set<Promise<void>>();
  readonly #timers = new Set<() => void>();
  #idle: (() => void)[] = [];
  #steps = 0;
  #stopped = false;

  constructor(
    private readonly clock: Clock,
    /** Whether quiet also means that no step of a delivery is still to come: so when the clock moves by itself. */
    private readonly awaitSteps: boolean,
  ) {}

  /** Runs a task that must not fail, and counts it as under way until it has ended. */
  run(task: () => Promise<void>): void {
    const running = task().finally(() => {
      this.#running.delete(running);
      this.#notifyIfQuiet();
    });
    this.#running.add(running);
  }

  /** Does a step of a delivery after a delay. */
  step(delayMs: number, task: () => void): void {
    if (this.#stopped) return;
    this.#steps += 1;
    this.after(delayMs, () => {
      this.#steps -= 1;
      task();
      this.#notifyIfQuiet();
    });
  }

  /** As `step`, for what may be days away: nobody waits for it. The returned function cancels it. */
  after(delayMs: number, task: () => void): () => void {
    if (this.#stopped) return () => undefined;
    const cancel = this.clock.setTimeout(() => {
      this.#timers.delete(cancel);
      task();
    }, delayMs);
    this.#timers.add(cancel);
    return () => {
      this.#timers.delete(cancel);
      cancel();
    };
  }

  /** Resolves when nothing is under way. */
  settles(): Promise<void> {
    return new Promise((resolve) => {
      this.#idle.push(resolve);
      this.#notifyIfQuiet();
    });
  }

  /** Cancels what is due later and waits for what is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    this.#steps = 0;
    await this.settles();
  }

  #notifyIfQuiet(): void {
    if (this.#running.size > 0 || (this.awaitSteps && this.#steps > 0)) return;
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }
}
