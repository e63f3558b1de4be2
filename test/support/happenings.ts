/** Costs nothing when it happens, and a busy machine may take its time. */
const LIMIT_MS = 25_000;

/** What happened so far, and a way to wait for more without sleeping. */
export class Happenings<T> {
  readonly all: T[] = [];
  readonly #waiting = new Set<() => void>();

  add(one: T): void {
    this.all.push(one);
    for (const check of this.#waiting) check();
  }

  /** The first that fits, be it there already or still to come. */
  first(fits: (one: T) => boolean = () => true): Promise<T> {
    return this.until(() => this.all.some(fits)).then(() => this.all.find(fits)!);
  }

  /** Resolves once there are this many. */
  count(number: number): Promise<void> {
    return this.until(() => this.all.length >= number);
  }

  /**
   * Resolves once this holds; looked at after everything that happens.
   *
   * @throws when it does not in time.
   */
  until(holds: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => {
        this.#waiting.delete(check);
        reject(new Error(`It did not happen. What did: ${JSON.stringify(this.all, null, 2)}`));
      }, LIMIT_MS);
      const check = () => {
        if (!holds()) return;
        clearTimeout(limit);
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }
}
