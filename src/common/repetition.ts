import type { Clock } from './clock';

/** Does something now and then: again, so long after it was done. */
export class Repetition {
  #cancel: (() => void) | undefined;
  #acting: Promise<void> = Promise.resolve();
  #stopped = false;

  /** @param act It takes care of its own errors. */
  constructor(
    private readonly clock: Clock,
    private readonly everyMs: number,
    private readonly act: () => Promise<void>,
  ) {}

  /** The next time is this many milliseconds from now. */
  doIn(delayMs: number): void {
    this.#cancel?.();
    if (this.#stopped) return;
    this.#cancel = this.clock.setTimeout(() => {
      this.#acting = this.act().then(() => this.doIn(this.everyMs));
    }, delayMs);
  }

  get isStopped(): boolean {
    return this.#stopped;
  }

  /** Resolves once what is being done is done. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.#acting;
  }
}
