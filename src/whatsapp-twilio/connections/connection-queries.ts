import type { Database } from '../storage/database';
import type { ConnectionEventRow, ConnectionRow, RotationRow } from '../storage/schema';

/** The stored connections of a registration, in the order they were made. */
export function selectConnections(
  db: Database,
  scope: string,
  { after, limit }: { readonly after?: string | undefined; readonly limit: number },
): Promise<ConnectionRow[]> {
  let query = db.selectFrom('connections').selectAll().where('scope', '=', scope).orderBy('id').limit(limit);
  if (after !== undefined) query = query.where('id', '>', after);
  return query.execute();
}

/** The rotation under way of each connection, or the last one. */
export async function selectRotations(db: Database, ids: readonly string[]): Promise<Map<string, RotationRow>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom('connection_rotations as rotation')
    .selectAll()
    .where('connection_id', 'in', ids)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('connection_rotations as later')
            .select('later.id')
            .whereRef('later.connection_id', '=', 'rotation.connection_id')
            .whereRef('later.id', '>', 'rotation.id'),
        ),
      ),
    )
    .execute();
  return new Map(rows.map((row) => [row.connection_id, row]));
}

/** What was done to the connections of a registration, or to one of them: the last first. */
export function selectEvents(
  db: Database,
  scope: string,
  page: { readonly connectionId?: string | undefined; readonly before?: number | undefined; readonly limit: number },
): Promise<ConnectionEventRow[]> {
  const { connectionId, before, limit } = page;
  let query = db.selectFrom('connection_events').selectAll().where('scope', '=', scope);
  if (connectionId !== undefined) query = query.where('connection_id', '=', connectionId);
  if (before !== undefined) query = query.where('seq', '<', before);
  return query.orderBy('seq', 'desc').limit(limit).execute();
}
