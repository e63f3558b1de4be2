import type { DatabaseTransaction } from '../storage/database';
import { engineOf } from '../storage/engine';
import type { ConnectionRow } from '../storage/schema';
import { ConnectionChangedError, ConnectionNotFoundError } from './connections.errors';
import type { KeyRing } from './key-ring';
import { placeOf, type SecretColumn, secretColumns } from './stored-connections';

/** Who did it, and why, for the audit trail. */
export interface Authorship {
  /** Up to 200 characters, such as a user's id or the name of an API key. */
  readonly actor: string;
  /** Up to 500 characters. */
  readonly reason?: string;
}

export type ConnectionAction =
  | 'created'
  | 'updated'
  | 'removed'
  | 'validated'
  | 'rotation-started'
  | 'rotation-promoted'
  | 'rotation-done'
  | 'rotation-aborted'
  | 'rotation-continued'
  | 'rotation-failed';

type Secrets = { readonly [Column in SecretColumn]?: string | null };
type Facts = Partial<Omit<ConnectionRow, SecretColumn | 'id' | 'scope' | 'key_id' | 'version' | 'created_at'>>;

/** The row, locked until the transaction ends. */
export async function lockConnection(
  trx: DatabaseTransaction,
  scope: string,
  id: string,
): Promise<ConnectionRow | undefined> {
  return trx
    .selectFrom('connections')
    .selectAll()
    .where('id', '=', id)
    .where('scope', '=', scope)
    .modifyEnd(engineOf(trx).forUpdate)
    .executeTakeFirst();
}

/** The stored connections of one account, which have its tokens in common. Locked until the transaction ends. */
export async function lockAccount(
  trx: DatabaseTransaction,
  { scope, account_sid }: Pick<ConnectionRow, 'scope' | 'account_sid'>,
): Promise<ConnectionRow[]> {
  return trx
    .selectFrom('connections')
    .selectAll()
    .where('scope', '=', scope)
    .where('account_sid', '=', account_sid)
    .orderBy('id')
    .modifyEnd(engineOf(trx).forUpdate)
    .execute();
}

/**
 * Changes a connection. All of its secrets are encrypted anew, so that one key opens them all.
 *
 * @throws ConnectionChangedError (`CONNECTION_CHANGED`) when it is no longer the version that was read.
 */
export async function writeConnection(
  trx: DatabaseTransaction,
  row: ConnectionRow,
  change: { readonly facts?: Facts; readonly secrets?: Secrets },
  keys: KeyRing,
): Promise<ConnectionRow> {
  const secrets: Record<string, string | null> = {};
  for (const column of secretColumns) {
    const stored = row[column];
    const given = change.secrets?.[column];
    const place = placeOf(row.id, column);
    const text = given === undefined ? stored && keys.decrypt(stored, place) : given;
    secrets[column] = text === null ? null : keys.encrypt(text, place);
  }
  const next = {
    ...row,
    ...change.facts,
    ...secrets,
    key_id: keys.primary!,
    version: row.version + 1,
  };
  const { id, scope: _scope, ...set } = next;
  const { numUpdatedRows } = await trx
    .updateTable('connections')
    .set(set)
    .where('id', '=', id)
    .where('version', '=', row.version)
    .executeTakeFirst();
  if (numUpdatedRows !== 1n) throw new ConnectionChangedError();
  return next;
}

export async function findConnection(trx: DatabaseTransaction, scope: string, id: string): Promise<ConnectionRow> {
  const row = await lockConnection(trx, scope, id);
  if (row === undefined) throw new ConnectionNotFoundError();
  return row;
}

/** Adds to the audit trail: never what a value was or is. */
export async function recordAction(
  trx: DatabaseTransaction,
  event: {
    readonly scope: string;
    readonly connectionId: string;
    readonly action: ConnectionAction;
    readonly by: Authorship;
    readonly at: number;
    readonly fields?: readonly string[];
  },
): Promise<void> {
  await trx
    .insertInto('connection_events')
    .values({
      scope: event.scope,
      connection_id: event.connectionId,
      at: event.at,
      actor: event.by.actor,
      action: event.action,
      reason: event.by.reason ?? null,
      fields: JSON.stringify(event.fields ?? []),
    })
    .execute();
}
