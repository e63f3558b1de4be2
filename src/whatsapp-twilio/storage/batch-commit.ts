import type { Database, DatabaseTransaction } from './database';
import { groupCommitOf } from './group-commit';

/** Far below the number of parameters that a statement may have. */
const LARGEST_BATCH = 200;

interface Member<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Writes of one kind that need fewer statements when they are done together. What arrives while a commit is under way is
 * done in the next; each caller goes on once its own item is committed, and one that fails harms no other.
 */
export class BatchCommit<Item, Result = void> {
  /** What waits, by lane of the group commit. */
  readonly #waiting = new Map<number, Member<Item, Result>[]>();

  constructor(
    private readonly db: Database,
    /** As for `GroupCommit.run()`. */
    private readonly keyOf: (item: Item) => string,
    /** Stores all of them, and resolves with what came of each, if anything does; may be called again with the same. */
    private readonly store: (trx: DatabaseTransaction, items: readonly Item[]) => Promise<readonly Result[] | void>,
  ) {}

  /** Resolves with what came of the item, once that is committed. */
  add(item: Item): Promise<Result> {
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
    let members: readonly Member<Item, Result>[] | undefined;
    /** All that came until the lane was free. */
    const taken = (): readonly Member<Item, Result>[] => {
      if (members !== undefined) return members;
      const waiting = this.#waiting.get(lane)!;
      members = waiting.splice(0, LARGEST_BATCH);
      if (waiting.length > 0) void this.#commit(lane, key);
      else this.#waiting.delete(lane);
      return members;
    };
    const items = (): Item[] => taken().map(({ item }) => item);
    try {
      const results = await groupCommitOf(this.db).run((trx) => this.store(trx, items()), key);
      for (const [index, { resolve }] of taken().entries()) resolve(results?.[index] as Result);
    } catch (error) {
      if (taken().length === 1) taken()[0]!.reject(error);
      else for (const member of taken()) void this.#commitAlone(member);
    }
  }

  async #commitAlone({ item, resolve, reject }: Member<Item, Result>): Promise<void> {
    try {
      const results = await groupCommitOf(this.db).run((trx) => this.store(trx, [item]), this.keyOf(item));
      resolve(results?.[0] as Result);
    } catch (error) {
      reject(error);
    }
  }
}
