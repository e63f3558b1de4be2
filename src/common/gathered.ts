/** Looks things up by key; those that are asked for in one turn of the event loop are looked up together. */
export class Gathered<Key, Value> {
  #next: Promise<ReadonlyMap<Key, Value>> | undefined;
  #keys = new Set<Key>();

  constructor(private readonly find: (keys: readonly Key[]) => Promise<ReadonlyMap<Key, Value>>) {}

  /** Resolves with nothing when there is none. */
  async get(key: Key): Promise<Value | undefined> {
    this.#keys.add(key);
    this.#next ??= this.#findAll();
    return (await this.#next).get(key);
  }

  async #findAll(): Promise<ReadonlyMap<Key, Value>> {
    await Promise.resolve(); // until all of this turn have asked
    const keys = [...this.#keys];
    this.#keys = new Set();
    this.#next = undefined;
    return this.find(keys);
  }
}
