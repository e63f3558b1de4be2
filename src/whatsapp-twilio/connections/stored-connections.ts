import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../storage/database';
import type { ConnectionRow, RotationRow } from '../storage/schema';
import { Connection } from './connection';
import type { Addressee } from './connection-provider';
import type { ConnectionRegistry } from './connection-registry';
import type { ConnectionSource } from './connection-source';
import { ConnectionNotFoundError, ConnectionNotStoredError } from './connections.errors';
import type { KeyRing } from './key-ring';

/** The columns that hold secrets. */
export const secretColumns = ['auth_token', 'next_auth_token', 'previous_auth_token', 'api_key_secret'] as const;
export type SecretColumn = (typeof secretColumns)[number];

/** What binds a secret to its place. */
export function placeOf(connectionId: string, column: SecretColumn): string {
  return `connections:${connectionId}:${column}`;
}

interface FoundRow extends ConnectionRow {
  readonly rotation_id: string | null;
  readonly confirmed_at: number | null;
}

/** The connections in the storage that belong to one registration. */
export class StoredConnections implements ConnectionSource {
  constructor(
    private readonly db: Database,
    private readonly scope: string,
    private readonly keys: KeyRing,
  ) {}

  async byId(id: string): Promise<Connection | undefined> {
    const [row] = await this.find(sql`connection.id = ${id}`, sql``);
    return row && toConnection(row, this.keys);
  }

  /** By the sender, else by the service; else the account's only one that may have numbers it does not name. */
  async byAccount(accountSid: string, { sender, messagingServiceSid }: Addressee): Promise<Connection | undefined> {
    const rank = sql`case
      when connection.sender = ${sender ?? ''} then 0
      when connection.messaging_service_sid = ${messagingServiceSid ?? ''} then 1
      when connection.messaging_service_sid is null then 2
      else 3 end`;
    const rows = await this.find(
      sql`connection.account_sid = ${accountSid}
        and (connection.sender is null or connection.sender = ${sender ?? ''}
          or connection.messaging_service_sid = ${messagingServiceSid ?? ''})`,
      sql`order by ${rank} limit 2`,
    );
    const [first, second] = rows;
    if (first === undefined) return undefined;
    const isNamed =
      (sender !== undefined && first.sender === sender) ||
      (messagingServiceSid !== undefined && first.messaging_service_sid === messagingServiceSid);
    const isOpen = first.sender === null && first.messaging_service_sid === null;
    return isNamed || isOpen || second === undefined ? toConnection(first, this.keys) : undefined;
  }

  private async find(condition: RawBuilder<unknown>, end: RawBuilder<unknown>): Promise<readonly FoundRow[]> {
    const { rows } = await sql<FoundRow>`
      select connection.*, rotation.id as rotation_id, rotation.confirmed_at
      from connections as connection left join connection_rotations as rotation
        on rotation.connection_id = connection.id and rotation.finished_at is null
      where connection.scope = ${this.scope} and ${condition}
      ${end}`.execute(this.db);
    return rows;
  }
}

/** The connection with its secrets in the clear, which it keeps to itself. */
export function toConnection(
  row: ConnectionRow & { readonly rotation_id?: string | null; readonly confirmed_at?: RotationRow['confirmed_at'] },
  keys: KeyRing,
): Connection {
  const open = (column: SecretColumn) =>
    row[column] === null ? undefined : keys.decrypt(row[column], placeOf(row.id, column));
  const apiKeySecret = open('api_key_secret');
  const authTokens = [open('auth_token'), open('next_auth_token'), open('previous_auth_token')];
  return new Connection(
    {
      id: row.id,
      ...(row.label !== null && { label: row.label }),
      mode: 'byok',
      state: row.state,
      accountSid: row.account_sid,
      ...(row.sender !== null && { from: { kind: 'phone', value: row.sender } }),
      ...(row.messaging_service_sid !== null && { messagingServiceSid: row.messaging_service_sid }),
      limits: row.rpm === null ? {} : { rpm: row.rpm },
      ...(row.rotation_id && {
        rotation: {
          id: row.rotation_id,
          newToken: row.next_auth_token === null ? 0 : 1,
          confirmed: (row.confirmed_at ?? null) !== null,
        },
      }),
    },
    {
      authTokens: authTokens.filter((token) => token !== undefined),
      ...(apiKeySecret !== undefined && { apiKey: { sid: row.api_key_sid!, secret: apiKeySecret } }),
    },
  );
}

/**
 * The row of a stored connection.
 *
 * @throws ConnectionNotFoundError (`CONNECTION_NOT_FOUND`); ConnectionNotStoredError (`CONNECTION_NOT_STORED`) for one that
 * is configured, or the host's.
 */
export async function requireStored(db: Database, registry: ConnectionRegistry, id: string): Promise<ConnectionRow> {
  const row = await findStored(db, registry.scope, id);
  if (row !== undefined) return row;
  throw (await registry.byId(id)) === undefined ? new ConnectionNotFoundError() : new ConnectionNotStoredError();
}

export function findStored(db: Database, scope: string, id: string): Promise<ConnectionRow | undefined> {
  return db.selectFrom('connections').selectAll().where('id', '=', id).where('scope', '=', scope).executeTakeFirst();
}
