import type { PostgresPool, PostgresPoolClient } from 'kysely';
import type { Pool, PoolClient } from 'pg';
import { isConnectionError } from './connection-error';
import type { StorageReach } from './storage-reach';

/**
 * A pool that asks nothing of a storage which is known to be away, and tells when a connection fails. After an outage it
 * begins with new connections: an old one may be dead without knowing it.
 */
export function guardedPool(createPool: () => Pool, reach: StorageReach): PostgresPool {
  const create = (): Pool => {
    const pool = createPool();
    pool.on('connect', (client) => client.on('error', (error) => reach.failed(error)));
    return pool;
  };
  let pool = create();
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
        return guarded(await pool.connect(), reach);
      } catch (error) {
        reach.failed(error);
        throw error;
      }
    },
    end: () => pool.end(),
  };
}

function guarded(client: PoolClient, reach: StorageReach): PostgresPoolClient {
  let broken: unknown;
  const query = async (sql: string, parameters: readonly unknown[]): Promise<unknown> => {
    // One that did not answer in time may still be busy, and what is asked next, if only to roll back, would wait too.
    if (broken !== undefined) throw broken;
    try {
      return await client.query(sql, [...parameters]);
    } catch (error) {
      if (isConnectionError(error)) broken = error;
      reach.failed(error);
      throw error;
    }
  };
  return { query: query as PostgresPoolClient['query'], release: () => client.release(broken !== undefined) };
}
