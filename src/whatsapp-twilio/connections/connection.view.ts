import { formatAddress } from '../messages/address';
import type { ConnectionEventRow, ConnectionRow, RotationRow } from '../storage/schema';
import type { Connection, ConnectionLimits, ConnectionMode, ConnectionState } from './connection';
import type { ConnectionAction } from './connection-writes';
import type { ConnectionValidation } from './probe-connection';
import { type ConnectionRotation, toRotation } from './rotation';

/** A connection as it is shown: without its secrets. */
export interface ConnectionView {
  readonly id: string;
  readonly label?: string;
  readonly mode: ConnectionMode;
  readonly state: ConnectionState;
  readonly accountSid: string;
  /** `whatsapp:+15551234567` */
  readonly fromNumber?: string;
  readonly messagingServiceSid?: string;
  /** The key that authenticates calls; without it the auth token does. */
  readonly apiKeySid?: string;
  readonly limits: ConnectionLimits;
  /** What Twilio said when its credentials were last tried. */
  readonly validation?: ConnectionValidation;
  /** The rotation of its token that is under way, or the last one. */
  readonly rotation?: ConnectionRotation;
  /** Of one that is stored. */
  readonly createdAt?: Date;
  readonly updatedAt?: Date;
}

export interface ConnectionPage {
  readonly connections: readonly ConnectionView[];
  /** Give it to `list()` for the next page; there is none after the last. */
  readonly nextCursor?: string;
}

/** Who did what to a connection, and when. Never the values. */
export interface ConnectionEvent {
  readonly connectionId: string;
  readonly at: Date;
  readonly actor: string;
  readonly action: ConnectionAction;
  readonly reason?: string;
  /** The fields that were changed. */
  readonly fields: readonly string[];
}

export interface ConnectionEventPage {
  readonly events: readonly ConnectionEvent[];
  readonly nextCursor?: string;
}

export function toStoredView(row: ConnectionRow, rotation: RotationRow | undefined): ConnectionView {
  return {
    id: row.id,
    ...(row.label !== null && { label: row.label }),
    mode: 'byok',
    state: row.state,
    accountSid: row.account_sid,
    ...(row.sender !== null && { fromNumber: formatAddress({ kind: 'phone', value: row.sender }) }),
    ...(row.messaging_service_sid !== null && { messagingServiceSid: row.messaging_service_sid }),
    ...(row.api_key_sid !== null && { apiKeySid: row.api_key_sid }),
    limits: row.rpm === null ? {} : { rpm: row.rpm },
    ...(row.validation !== null && { validation: readValidation(row.validation) }),
    ...(rotation && { rotation: toRotation(rotation) }),
    createdAt: new Date(row.created_at),
    updatedAt: new Date(row.updated_at),
  };
}

/** One that is not stored: configured, or the host's. */
export function toView(connection: Connection): ConnectionView {
  const { id, label, mode, state, accountSid, from, messagingServiceSid, limits, usesApiKey } = connection;
  return {
    id,
    ...(label !== undefined && { label }),
    mode,
    state,
    accountSid,
    ...(from && { fromNumber: formatAddress(from) }),
    ...(messagingServiceSid !== undefined && { messagingServiceSid }),
    ...(usesApiKey && { apiKeySid: connection.credentials[0].username }),
    limits,
  };
}

export function toConnectionEvent(row: ConnectionEventRow): ConnectionEvent {
  return {
    connectionId: row.connection_id,
    at: new Date(row.at),
    actor: row.actor,
    action: row.action as ConnectionAction,
    ...(row.reason !== null && { reason: row.reason }),
    fields: JSON.parse(row.fields) as string[],
  };
}

function readValidation(text: string): ConnectionValidation {
  const stored = JSON.parse(text) as ConnectionValidation & { checkedAt: string };
  return { ...stored, checkedAt: new Date(stored.checkedAt) };
}
