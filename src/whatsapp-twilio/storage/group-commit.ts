import type { Database, DatabaseTransaction } from './database';

const LARGEST_GROUP = 200;

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Lets writes that arrive together share one transaction, and so one flush to disk. Each caller goes on only after its
 * own write is committed. Items are applied one after another, in the order they came.
 */
export class GroupCommit<Item, Result> {
  #waiting: Waiting<Item, Result>[] = [];
  #running = false;

  constructor(
    private readonly db: Database,
    private readonly apply: (trx: DatabaseTransaction, item: Item) => Promise<Result>,
  ) {}

  submit(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (!this.#running) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, LARGEST_GROUP);
      try {
        await this.#commit(group);
      } catch (error) {
        if (group.length === 1) group[0]!.reject(error);
        // One item must not take the others down with it.
        else for (const one of group) await this.#commit([one]).catch(one.reject);
      }
    }
    this.#running = false;
  }

  async #commit(group: readonly Waiting<Item, Result>[]): Promise<void> {
    const results = await this.db.transaction().execute(async (trx) => {
      const applied: Result[] = [];
      for (const { item } of group) applied.push(await this.apply(trx, item));
      return applied;
    });
    group.forEach(({ resolve }, index) => resolve(results[index]!));
  }
}
