import type { CompiledQuery, KyselyPlugin } from 'kysely';
import type { Database } from '../../src/whatsapp-twilio/storage/database';
import { engineOf } from '../../src/whatsapp-twilio/storage/engine';

/** The same database, which notes every query. */
export function watched(db: Database, queries: CompiledQuery[]): Database {
  const plugin: KyselyPlugin = {
    transformQuery({ node, queryId }) {
      queries.push(db.getExecutor().compileQuery(node, queryId));
      return node;
    },
    transformResult: ({ result }) => Promise.resolve(result),
  };
  return db.withPlugin(plugin);
}

/** How the database would carry out the query, line by line; nothing for what is no query of rows. */
export async function planOf(db: Database, query: CompiledQuery): Promise<string[]> {
  if (!/^\s*(select|update|delete|insert|with)\b/i.test(query.sql)) return [];
  const explain = engineOf(db).name === 'sqlite' ? 'explain query plan ' : 'explain ';
  const { rows } = await db.executeQuery<Record<string, unknown>>({ ...query, sql: explain + query.sql });
  return rows.map((row) => String(row['detail'] ?? row['QUERY PLAN']));
}
