import { PostgresDialect } from 'kysely';
import type { PoolConfig } from 'pg';
import { guardedPool } from './guarded-pool';
import { ourTypes } from './our-types';
import type { StorageReach } from './storage-reach';

/** A connection that hangs must not hold a webhook for longer than Twilio waits. */
const CONNECT_TIMEOUT_MS = 3000;
const STATEMENT_TIMEOUT_MS = 5000;
const CONNECTIONS = 10;
/** An index on a large table takes its time, and so does waiting for the replica that makes it. */
const MIGRATION_TIMEOUT_MS = 3_600_000;

/**
 * PostgreSQL through `pg`, loaded only when a `postgres:` URL is used.
 *
 * @param reach Learns of connections that fail, and holds queries back while PostgreSQL is away.
 */
export function postgresDialect(url: string, reach?: StorageReach): PostgresDialect {
  return new PostgresDialect({
    pool: async () => {
      const { Pool } = await import('pg');
      const settings = { ...connectionOptions(url), max: CONNECTIONS, idleTimeoutMillis: 30_000 };
      const createPool = (): InstanceType<typeof Pool> => {
        const pool = new Pool(settings);
        // A connection that breaks is replaced by the next query, which reports what is wrong if anything still is. An
        // error event that nobody listens to would end the process, be the connection idle or between two queries.
        pool.on('error', () => {});
        pool.on('connect', (client) => client.on('error', () => {}));
        return pool;
      };
      return reach === undefined ? createPool() : guardedPool(createPool, reach);
    },
  });
}

/** For migrations, which take as long as they take. */
export function patientPostgresDialect(url: string): PostgresDialect {
  return new PostgresDialect({
    pool: async () => {
      const { Pool } = await import('pg');
      const { query_timeout: _, ...settings } = connectionOptions(url);
      const pool = new Pool({ ...settings, max: 2 });
      pool.on('error', () => {});
      // Here, as what the URL says goes before what is said beside it.
      pool.on('connect', (client) => {
        client.on('error', () => {});
        void client.query(`set statement_timeout = ${MIGRATION_TIMEOUT_MS}`).catch(() => {});
      });
      return pool;
    },
  });
}

/** What every connection of ours has in common. */
export function connectionOptions(url: string): PoolConfig {
  return {
    connectionString: url,
    application_name: 'nestjs-whatsapp-twilio',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    query_timeout: STATEMENT_TIMEOUT_MS + 1000,
    keepAlive: true,
    types: ourTypes,
  };
}
