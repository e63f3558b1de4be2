import type { Database, DatabaseTransaction } from './database';
import { groupCommitOf } from './group-commit';

/** Far below the number of parameters that a statement may have. */
const LARGEST_BATCH = 200;

interface Member<Item> {
  readonly item: Item;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Writes of one kind that need fewer statements when they are done together. What arrives while a commit is under way is
 * done in the next; each caller goes on once its own item is committed, and one that fails harms no other.
 */
export class BatchCommit<Item> {
  /** What waits, by lane of the group commit. */
  readonly #waiting = new Map<number, Member<Item>[]>();

  constructor(
    private readonly db: Database,
    /** As for `GroupCommit.run()`. */
    private readonly keyOf: (item: Item) => string,
    /** Stores all of them; may be called again with the same. */
    private readonly store: (trx: DatabaseTransaction, items: readonly Item[]) => Promise<void>,
  ) {}

  add(item: Item): Promise<void> {
    return new Promise((resolve, reject) => {
      const key = this.keyOf(item);
      const lane = groupCommitOf(this.db).laneOf(key);
      const waiting = this.#waiting.get(lane);
      const member = { item, resolve, reject };
      if (waiting !== undefined) waiting.push(member);
      else {
        this.#waiting.set(lane, [member]);
        void this.#commit(lane, key);
      }
    });
  }

  async #commit(lane: number, key: string): Promise<void> {
    let members: readonly Member<Item>[] | undefined;
    /** All that came until the lane was free. */
    const taken = (): readonly Member<Item>[] => {
      if (members !== undefined) return members;
      const waiting = this.#waiting.get(lane)!;
      members = waiting.splice(0, LARGEST_BATCH);
      if (waiting.length > 0) void this.#commit(lane, key);
      else this.#waiting.delete(lane);
      return members;
    };
    const items = (): Item[] => taken().map(({ item }) => item);
    try {
      await groupCommitOf(this.db).run((trx) => this.store(trx, items()), key);
      for (const { resolve } of taken()) resolve();
    } catch (error) {
      if (taken().length === 1) taken()[0]!.reject(error);
      else for (const member of taken()) void this.#commitAlone(member);
    }
  }

  async #commitAlone({ item, resolve, reject }: Member<Item>): Promise<void> {
    try {
      await groupCommitOf(this.db).run((trx) => this.store(trx, [item]), this.keyOf(item));
      resolve();
    } catch (error) {
      reject(error);
    }
  }
}
