import type { CreateTableBuilder, Kysely } from 'kysely';
import type { Engine } from './engine';

/** A table whose rows have a place in an order: `seq` counts up as they are inserted. */
export function orderedTable(db: Kysely<unknown>, engine: Engine, name: string): CreateTableBuilder<string> {
  const table = db.schema.createTable(name);
  return engine.name === 'sqlite'
    ? table.addColumn('seq', 'integer', (c) => c.primaryKey().autoIncrement())
    : table.addColumn('seq', 'bigint', (c) => c.primaryKey().generatedAlwaysAsIdentity());
}
