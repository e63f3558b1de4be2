/** Lets so many tasks run at the same time, and the others wait their turn. */
export class Slots {
  readonly #waiting: (() => void)[] = [];

  constructor(private free: number) {}

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.free > 0) this.free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await task();
    } finally {
      // A slot that someone waits for passes on to them without ever being free.
      const next = this.#waiting.shift();
      if (next) next();
      else this.free += 1;
    }
  }
}
