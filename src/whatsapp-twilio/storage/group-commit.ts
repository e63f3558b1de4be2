import { type Kysely, sql, type Transaction } from 'kysely';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Database } from './database';
import type { Schema } from './schema';

const LARGEST_GROUP = 200;
/** PostgreSQL's "deadlock detected" and "could not serialize": the work did nothing wrong and may be done again. */
const AGAIN_CODES = new Set(['40P01', '40001']);
const MOST_TRIES = 5;

interface Waiting<Tables> {
  readonly work: (trx: Transaction<Tables>) => Promise<unknown>;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
  tries: number;
}

type Outcome = { readonly ok: true; readonly result: unknown } | { readonly ok: false; readonly error: unknown };

/**
 * Lets writes that arrive together share one transaction, and so one flush to disk. Each caller goes on only after its
 * own write is committed; one that fails is rolled back alone. They are done one after another, in the order they came.
 */
export class GroupCommit<Tables = Schema> {
  #waiting: Waiting<Tables>[] = [];
  #running = false;

  constructor(private readonly db: Kysely<Tables>) {}

  /** Does the work inside a transaction, and resolves with its result once that is committed. */
  run<Result>(work: (trx: Transaction<Tables>) => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ work, resolve: resolve as (result: unknown) => void, reject, tries: 0 });
      if (!this.#running) void this.#commitAll();
    });
  }

  async #commitAll(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) {
      // SQLite works while the event loop stands still: whoever has something to write has to get a word in first.
      await nextTurn();
      const group = this.#waiting.splice(0, LARGEST_GROUP);
      try {
        this.#settle(group, await this.#commit(group));
      } catch (error) {
        this.#settle(
          group,
          group.map(() => ({ ok: false, error })),
        );
      }
    }
    this.#running = false;
  }

  #commit(group: readonly Waiting<Tables>[]): Promise<Outcome[]> {
    return this.db.transaction().execute(async (trx) => {
      if (group.length === 1) return [{ ok: true, result: await group[0]!.work(trx) }];
      const outcomes: Outcome[] = [];
      for (const { work } of group) {
        await sql`savepoint member`.execute(trx);
        try {
          outcomes.push({ ok: true, result: await work(trx) });
          await sql`release savepoint member`.execute(trx);
        } catch (error) {
          await sql`rollback to savepoint member`.execute(trx);
          outcomes.push({ ok: false, error });
        }
      }
      return outcomes;
    });
  }

  #settle(group: readonly Waiting<Tables>[], outcomes: readonly Outcome[]): void {
    for (const [index, member] of group.entries()) {
      const outcome = outcomes[index]!;
      if (outcome.ok) member.resolve(outcome.result);
      else if (isWorthAnotherTry(outcome.error) && ++member.tries < MOST_TRIES) this.#waiting.push(member);
      else member.reject(outcome.error);
    }
  }
}

const groupCommits = new WeakMap<Database, GroupCommit>();

/** The one group commit of a database, so that all of its writes can share a flush. */
export function groupCommitOf(db: Database): GroupCommit {
  let commits = groupCommits.get(db);
  if (commits === undefined) groupCommits.set(db, (commits = new GroupCommit(db)));
  return commits;
}

function isWorthAnotherTry(error: unknown): boolean {
  return AGAIN_CODES.has((error as { code?: string } | undefined)?.code ?? '');
}
