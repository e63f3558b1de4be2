/** Tells those who listen that there may be work for them, without knowing who they are. */
export class Signal {
  readonly #listeners = new Set<() => void>();

  /** The returned function ends it. */
  on(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(): void {
    for (const listener of this.#listeners) listener();
  }
}
