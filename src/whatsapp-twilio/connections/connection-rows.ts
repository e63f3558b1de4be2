import type { ConnectionRow } from '../storage/schema';
import { Connection } from './connection';
import type { KeyRing } from './key-ring';
import type { ConnectionValidation } from './probe-connection';
import { placeOf, type SecretColumn, toConnection } from './stored-connections';
import type { CheckedFields } from './validate-connection';

/** A connection as these fields describe it. */
export function connectionOf(id: string, fields: CheckedFields): Connection {
  return new Connection(
    {
      id,
      mode: 'byok',
      state: 'active',
      accountSid: fields.accountSid!,
      ...(fields.sender && { from: { kind: 'phone', value: fields.sender } }),
      ...(fields.messagingServiceSid && { messagingServiceSid: fields.messagingServiceSid }),
      limits: {},
    },
    { authTokens: fields.authTokens!, ...(fields.apiKey && { apiKey: fields.apiKey }) },
  );
}

/** A stored connection as it would be with these changes. */
export function changedConnection(row: ConnectionRow, fields: CheckedFields, keys: KeyRing): Connection {
  const now = toConnection(row, keys);
  const apiKey = now.usesApiKey ? now.credentials[0] : undefined;
  return connectionOf(row.id, {
    accountSid: row.account_sid,
    authTokens: fields.authTokens ?? now.authTokens,
    apiKey: keptUnlessGiven(fields.apiKey, apiKey && { sid: apiKey.username, secret: apiKey.password }),
    sender: keptUnlessGiven(fields.sender, row.sender),
    messagingServiceSid: keptUnlessGiven(fields.messagingServiceSid, row.messaging_service_sid),
  });
}

/** A new row, its secrets sealed. */
export function newRow(
  place: Pick<ConnectionRow, 'id' | 'scope'>,
  fields: CheckedFields,
  keys: KeyRing,
  { validation, now }: { readonly validation: ConnectionValidation; readonly now: number },
): ConnectionRow {
  const { id, scope } = place;
  const seal = (text: string, column: SecretColumn) => keys.encrypt(text, placeOf(id, column));
  return {
    id,
    scope,
    label: fields.label ?? null,
    state: fields.state ?? 'active',
    account_sid: fields.accountSid!,
    sender: fields.sender ?? null,
    messaging_service_sid: fields.messagingServiceSid ?? null,
    rpm: fields.rpm ?? null,
    auth_token: seal(fields.authTokens![0]!, 'auth_token'),
    next_auth_token: null,
    previous_auth_token: null,
    api_key_sid: fields.apiKey?.sid ?? null,
    api_key_secret: fields.apiKey ? seal(fields.apiKey.secret, 'api_key_secret') : null,
    key_id: keys.primary!,
    validation: JSON.stringify(validation),
    version: 1,
    created_at: now,
    updated_at: now,
  };
}

/** What a change writes: the columns that say what it is, and those that hold its secrets. */
export function changeOf(
  fields: CheckedFields,
  { validation, now }: { readonly validation: ConnectionValidation | undefined; readonly now: number },
) {
  return {
    facts: {
      ...(fields.label !== undefined && { label: fields.label }),
      ...(fields.state !== undefined && { state: fields.state }),
      ...(fields.sender !== undefined && { sender: fields.sender }),
      ...(fields.messagingServiceSid !== undefined && { messaging_service_sid: fields.messagingServiceSid }),
      ...(fields.rpm !== undefined && { rpm: fields.rpm }),
      ...(fields.apiKey !== undefined && { api_key_sid: fields.apiKey?.sid ?? null }),
      ...(validation && { validation: JSON.stringify(validation) }),
      updated_at: now,
    },
    secrets: {
      ...(fields.authTokens && { auth_token: fields.authTokens[0]! }),
      ...(fields.apiKey !== undefined && { api_key_secret: fields.apiKey?.secret ?? null }),
    },
  };
}

function keptUnlessGiven<T>(given: T | null | undefined, before: T | null | undefined): T | null | undefined {
  return given === undefined ? before : given;
}
