import { type Kysely, sql, type Transaction } from 'kysely';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isConnectionError } from './connection-error';
import type { Database } from './database';
import { engineOf } from './engine';
import { isStatementError } from './prepared-statements';
import type { Schema } from './schema';

const LARGEST_GROUP = 200;
/** PostgreSQL's "deadlock detected" and "could not serialize": the work did nothing wrong and may be done again. */
const AGAIN_CODES = new Set(['40P01', '40001']);
const MOST_TRIES = 5;

type Work<Tables, Result> = (trx: Transaction<Tables>) => Promise<Result>;

interface Waiting<Tables> {
  readonly work: Work<Tables, unknown>;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
  tries: number;
}

type Outcome = { readonly ok: true; readonly result: unknown } | { readonly ok: false; readonly error: unknown };

/**
 * Lets writes that arrive together share one transaction, and so one flush to disk. Each caller goes on only after its
 * own write is committed; one that fails is rolled back alone. Those with the same key are done one after another, in
 * the order they came; the keys are spread over a number of lanes, each with a transaction of its own.
 */
export class GroupCommit<Tables = Schema> {
  readonly #lanes: readonly Lane<Tables>[];

  constructor(db: Kysely<Tables>, lanes = 1) {
    this.#lanes = Array.from({ length: lanes }, () => new Lane(db));
  }

  /**
   * Does the work inside a transaction, and resolves with its result once that is committed. The work may be done more
   * than once, of which only the last time counts.
   *
   * @param key What the work is about, as the user of its conversation: work that locks the same rows has the same key.
   */
  run<Result>(work: Work<Tables, Result>, key = ''): Promise<Result> {
    return this.#lanes[this.laneOf(key)]!.run(work);
  }

  /** Which of the lanes does the work with this key. */
  laneOf(key: string): number {
    return hashOf(key) % this.#lanes.length;
  }
}

class Lane<Tables> {
  #waiting: Waiting<Tables>[] = [];
  #running = false;

  constructor(private readonly db: Kysely<Tables>) {}

  run<Result>(work: Work<Tables, Result>): Promise<Result> {
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

  /** All at once, as nearly always nothing fails; if something does, again, each so that it can be taken back alone. */
  async #commit(group: readonly Waiting<Tables>[]): Promise<Outcome[]> {
    try {
      return await this.#commitTogether(group);
    } catch (error) {
      if (group.length === 1 || isConnectionError(error)) throw error;
      return this.#commitApart(group);
    }
  }

  #commitTogether(group: readonly Waiting<Tables>[]): Promise<Outcome[]> {
    return this.db.transaction().execute(async (trx) => {
      const outcomes: Outcome[] = [];
      for (const { work } of group) outcomes.push({ ok: true, result: await work(trx) });
      return outcomes;
    });
  }

  #commitApart(group: readonly Waiting<Tables>[]): Promise<Outcome[]> {
    return this.db.transaction().execute(async (trx) => {
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

/** SQLite has one writer; with PostgreSQL more than a few transactions at once only wait for each other's commits. */
const LANES = { sqlite: 1, postgres: 2 };

const groupCommits = new WeakMap<Database, GroupCommit>();

/** The one group commit of a database, so that all of its writes can share a flush. */
export function groupCommitOf(db: Database): GroupCommit {
  let commits = groupCommits.get(db);
  if (commits === undefined) groupCommits.set(db, (commits = new GroupCommit(db, LANES[engineOf(db).name])));
  return commits;
}

function isWorthAnotherTry(error: unknown): boolean {
  return AGAIN_CODES.has((error as { code?: string } | undefined)?.code ?? '') || isStatementError(error);
}

/** FNV-1a, to spread keys evenly. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index++) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}
