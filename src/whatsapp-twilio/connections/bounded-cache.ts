import type { Clock } from '../../common/clock';

interface Entry<Value> {
  readonly value: Value;
  readonly loadedAt: number;
}

/** Remembers the most recently used values, at most `size` of them, and knows how old each is. */
export class BoundedCache<Value> {
  readonly #entries = new Map<string, Entry<Value>>();

  constructor(
    private readonly size: number,
    private readonly clock: Clock,
  ) {}

  get(key: string): { readonly value: Value; readonly ageMs: number } | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return { value: entry.value, ageMs: this.clock.now() - entry.loadedAt };
  }

  set(key: string, value: Value): void {
    this.#entries.delete(key);
    this.#entries.set(key, { value, loadedAt: this.clock.now() });
    if (this.#entries.size > this.size) this.#entries.delete(this.#entries.keys().next().value!);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }
}
