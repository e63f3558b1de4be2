import { sql } from 'kysely';
import type { DatabaseTransaction } from './database';
import type { Schema } from './schema';

type ColumnType = 'text' | 'bigint';

/** Sets columns of several rows in one statement, each row's to values of its own. The rows are found by `id`. */
export async function updateEach<Row extends { readonly id: string }>(
  trx: DatabaseTransaction,
  table: keyof Schema,
  columns: Readonly<Partial<Record<keyof Row & string, ColumnType>>>,
  rows: readonly Row[],
): Promise<void> {
  if (rows.length === 0) return;
  const types = Object.entries({ id: 'text', ...columns }) as [keyof Row & string, ColumnType][];
  // PostgreSQL takes a value without a type for a text.
  const values = rows.map(
    (row) => sql`(${sql.join(types.map(([name, type]) => sql`cast(${row[name]} as ${sql.raw(type)})`))})`,
  );
  const set = Object.keys(columns).map((name) => sql`${sql.ref(name)} = changed.${sql.ref(name)}`);
  await sql`
    with changed (${sql.join(types.map(([name]) => sql.ref(name)))}) as (values ${sql.join(values)})
    update ${sql.table(table)} set ${sql.join(set)} from changed
    where ${sql.table(table)}.id = changed.id`.execute(trx);
}
