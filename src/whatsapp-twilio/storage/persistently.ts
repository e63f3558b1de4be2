import { isConnectionError } from './connection-error';
import type { Database, DatabaseTransaction } from './database';
import { groupCommitOf } from './group-commit';
import type { StorageReach } from './storage-reach';

const reaches = new WeakMap<Database, StorageReach>();

/** Tells what knows whether this database can be reached. */
export function setReach(db: Database, reach: StorageReach): void {
  reaches.set(db, reach);
}

/**
 * Asks the storage, and when it is away or goes away, asks again once it is back.
 *
 * @throws what the action throws; a connection error only when the process is told to end.
 */
export async function persistently<Result>(db: Database, action: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await action();
    } catch (error) {
      const reach = reaches.get(db);
      if (reach === undefined || !isConnectionError(error)) throw error;
      await reach.whenBack();
    }
  }
}

/**
 * Commits what must not be lost, because what it records has happened already. The work has to find out by itself that
 * it was done before, as a connection can also break after the commit.
 *
 * @param key As for `GroupCommit.run()`.
 * @throws as `persistently()`.
 */
export function commitPersistently<Result>(
  db: Database,
  work: (trx: DatabaseTransaction) => Promise<Result>,
  key?: string,
): Promise<Result> {
  return persistently(db, () => groupCommitOf(db).run(work, key));
}
