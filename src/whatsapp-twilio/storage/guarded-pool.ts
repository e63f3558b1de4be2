import type { PostgresPool, PostgresPoolClient } from 'kysely';
import type { Pool, PoolClient } from 'pg';
import { isConnectionError } from './connection-error';
import { PreparedStatements } from './prepared-statements';
import type { StorageReach } from './storage-reach';

/**
 * A pool that asks nothing of a storage which is known to be away, and tells when a connection fails. After an outage it
 * begins with new connections: an old one may be dead without knowing it. Statements that come again are prepared.
 */
export function guardedPool(createPool: () => Pool, reach: StorageReach): PostgresPool {
  const create = (): Pool => {
    const pool = createPool();
    pool.on('connect', (client) => client.on('error', (error) => reach.failed(error)));
    return pool;
  };
  let pool = create();
  const statements = new PreparedStatements();
  reach.watch({
    back: () => {
      void pool.end().catch(() => {});
      pool = create();
    },
  });
  return {
    async connect() {
      await reach.ready();
      try {
        return guarded(await pool.connect(), reach, statements);
      } catch (error) {
        reach.failed(error);
        throw error;
      }
    },
    end: () => pool.end(),
  };
}

function guarded(client: PoolClient, reach: StorageReach, statements: PreparedStatements): PostgresPoolClient {
  let broken: unknown;
  /** Its prepared statements no longer hold. */
  let isStale = false;
  let isInTransaction = false;
  const ask = async (sql: string, parameters: readonly unknown[]): Promise<unknown> => {
    const values = [...parameters];
    const name = values.length === 0 ? undefined : statements.nameOf(sql);
    if (name === undefined) return client.query(sql, values);
    try {
      return await client.query({ name, text: sql, values });
    } catch (error) {
      if (!statements.isToBlame(error)) throw error;
      isStale = true;
      if (isInTransaction) throw error; // it has to begin again
      return client.query(sql, values);
    }
  };
  const query = async (sql: string, parameters: readonly unknown[]): Promise<unknown> => {
    // One that did not answer in time may still be busy, and what is asked next, if only to roll back, would wait too.
    if (broken !== undefined) throw broken;
    if (/^(begin|start transaction)/.test(sql)) isInTransaction = true;
    else if (/^(commit|rollback)$/.test(sql)) isInTransaction = false;
    try {
      return await ask(sql, parameters);
    } catch (error) {
      if (isConnectionError(error)) broken = error;
      reach.failed(error);
      throw error;
    }
  };
  return {
    query: query as PostgresPoolClient['query'],
    release: () => client.release(broken !== undefined || isStale),
  };
}
