import { parseAddress } from '../messages/address';
import { type FieldError, FieldErrors, isPlainObject } from '../messages/field-errors';
import type { TwilioApiKey } from '../whatsapp-twilio.options';
import type { ConnectionFacts, ConnectionSecrets, ConnectionState } from './connection';

const LONGEST_LABEL = 100;
const MOST_TOKENS = 4;
const MOST_RPM = 1_000_000;
const TOKEN = /^[\x21-\x7e]{1,256}$/;
const CONNECTION_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/** What a caller may say about a connection. In a change, `null` takes a field out and a field left out stays. */
export interface ConnectionFields {
  /** Up to 100 characters, for people. */
  readonly label?: string | null;
  /** `AC…` */
  readonly accountSid: string;
  /** The account's primary auth token, which signs its webhooks. */
  readonly authToken: string;
  /** Authenticates calls in place of the token. */
  readonly apiKey?: TwilioApiKey | null;
  /** The sender, `whatsapp:+15551234567`. */
  readonly fromNumber?: string | null;
  /** `MG…`, chooses the sender when a message names none. */
  readonly messagingServiceSid?: string | null;
  readonly limits?: { readonly rpm?: number | null } | null;
  readonly state?: ConnectionState;
}

/** A field that is `null` is to be taken out; one that is not there stays as it is. */
export interface CheckedFields {
  label?: string | null;
  accountSid?: string;
  authTokens?: readonly string[];
  apiKey?: TwilioApiKey | null;
  sender?: string | null;
  messagingServiceSid?: string | null;
  rpm?: number | null;
  state?: ConnectionState;
}

export type CheckedConnection =
  | { readonly ok: true; readonly fields: CheckedFields }
  | { readonly ok: false; readonly errors: readonly FieldError[] };

type FieldName = keyof ConnectionFields;
type Check = (value: unknown, into: CheckedFields, refuse: Refuse) => void;
type Refuse = (code: FieldError['code'], message: string, below?: string) => void;

const checks: Readonly<Record<FieldName, Check>> = {
  label(value, into, refuse) {
    // eslint-disable-next-line no-control-regex
    if (typeof value === 'string' && value.length <= LONGEST_LABEL && !/[\u0000-\u001f\u007f]/.test(value)) {
      into.label = value.trim() === '' ? null : value.trim();
    } else refuse('invalid', `must be a text of up to ${LONGEST_LABEL} characters, on one line.`);
  },
  accountSid(value, into, refuse) {
    if (matches(value, /^AC[0-9a-fA-F]{32}$/)) into.accountSid = value;
    else refuse('invalid', "must be AC followed by 32 hexadecimal digits, as Twilio's console shows it.");
  },
  authToken(value, into, refuse) {
    const tokens: unknown[] = Array.isArray(value) ? value : [value];
    const areTokens = tokens.every((token) => matches(token, TOKEN));
    if (areTokens && tokens.length >= 1 && tokens.length <= MOST_TOKENS) into.authTokens = tokens;
    else refuse('invalid', "must be the account's auth token: 1 to 256 visible characters, without spaces.");
  },
  apiKey(value, into, refuse) {
    if (!isPlainObject(value)) return refuse('invalid', 'must be an object with sid and secret.');
    const { sid, secret, ...others } = value;
    if (Object.keys(others).length > 0) return refuse('unknown', 'has sid and secret, and no other field.');
    if (!matches(sid, /^SK[0-9a-fA-F]{32}$/)) refuse('invalid', 'must be SK followed by 32 hexadecimal digits.', 'sid');
    else if (!matches(secret, TOKEN)) refuse('invalid', "must be the key's secret, without spaces.", 'secret');
    else into.apiKey = { sid, secret };
  },
  fromNumber(value, into, refuse) {
    const address = typeof value === 'string' ? parseAddress(value) : undefined;
    if (address?.kind === 'phone') into.sender = address.value;
    else refuse('invalid', 'must be a WhatsApp sender such as whatsapp:+15551234567: a plus and 7 to 15 digits.');
  },
  messagingServiceSid(value, into, refuse) {
    if (matches(value, /^MG[0-9a-fA-F]{32}$/)) into.messagingServiceSid = value;
    else refuse('invalid', 'must be MG followed by 32 hexadecimal digits.');
  },
  limits(value, into, refuse) {
    if (!isPlainObject(value)) return refuse('invalid', 'must be an object with rpm.');
    const { rpm, ...others } = value;
    if (Object.keys(others).length > 0) return refuse('unknown', 'has rpm, and no other field.');
    if (rpm === null || rpm === undefined) into.rpm = null;
    else if (typeof rpm === 'number' && Number.isInteger(rpm) && rpm >= 1 && rpm <= MOST_RPM) into.rpm = rpm;
    else refuse('out-of-range', `must be a whole number of sends a minute, 1 to ${MOST_RPM}.`, 'rpm');
  },
  state(value, into, refuse) {
    if (value === 'active' || value === 'disabled') into.state = value;
    else refuse('invalid', 'must be active or disabled.');
  },
};

/** What `null` does; the other fields cannot be without a value. */
const emptied: { readonly [Name in FieldName]?: CheckedFields } = {
  label: { label: null },
  apiKey: { apiKey: null },
  fromNumber: { sender: null },
  messagingServiceSid: { messagingServiceSid: null },
  limits: { rpm: null },
};

/** Checks every field that is there; `required` ones must be. Reports at most one error for each, and repeats no value. */
export function checkConnection(input: unknown, required: readonly FieldName[]): CheckedConnection {
  const errors = new FieldErrors();
  const fields: CheckedFields = {};
  if (!isPlainObject(input)) {
    errors.add('connection', 'invalid', 'must be an object.');
    return { ok: false, errors: errors.list() };
  }
  for (const [name, value] of Object.entries(input)) {
    if (!Object.hasOwn(checks, name)) {
      errors.add(name.slice(0, 64), 'unknown', `is not a field of a connection: ${Object.keys(checks).join(', ')}.`);
      continue;
    }
    const field = name as FieldName;
    if (value === undefined) continue;
    if (value === null && emptied[field]) Object.assign(fields, emptied[field]);
    else {
      checks[field](value, fields, (code, message, below) =>
        errors.add(below === undefined ? field : `${field}.${below}`, code, message),
      );
    }
  }
  for (const field of required) {
    if (input[field] === undefined || input[field] === null) errors.add(field, 'required', 'is required.');
  }
  const found = errors.list();
  return found.length > 0 ? { ok: false, errors: found } : { ok: true, fields };
}

export type ReadConnection =
  | { readonly ok: true; readonly facts: ConnectionFacts; readonly secrets: ConnectionSecrets }
  | { readonly ok: false; readonly errors: readonly FieldError[] };

/** Reads a whole connection as a host's provider gives it, be it an object of a class. */
export function readConnection(input: unknown): ReadConnection {
  const given = typeof input === 'object' && input !== null ? (input as Record<string, unknown>) : {};
  const { id, label, accountSid, authToken, apiKey, fromNumber, messagingServiceSid, limits, state } = given;
  const known = { label, accountSid, authToken, apiKey, fromNumber, messagingServiceSid, limits, state };
  const checked = checkConnection(known, ['accountSid', 'authToken']);
  if (!checked.ok) return checked;
  if (!matches(id, CONNECTION_ID) || id === 'status') {
    const message = 'id must be 1 to 64 letters, digits, _ or -, and not "status".';
    return { ok: false, errors: [{ field: 'id', code: 'invalid', message }] };
  }
  const { fields } = checked;
  return {
    ok: true,
    facts: {
      id,
      ...(fields.label && { label: fields.label }),
      mode: 'byok',
      state: fields.state ?? 'active',
      accountSid: fields.accountSid!,
      ...(fields.sender && { from: { kind: 'phone', value: fields.sender } }),
      ...(fields.messagingServiceSid && { messagingServiceSid: fields.messagingServiceSid }),
      limits: fields.rpm ? { rpm: fields.rpm } : {},
    },
    secrets: { authTokens: fields.authTokens!, ...(fields.apiKey && { apiKey: fields.apiKey }) },
  };
}

export function isToken(value: unknown): value is string {
  return matches(value, TOKEN);
}

function matches(value: unknown, pattern: RegExp): value is string {
  return typeof value === 'string' && pattern.test(value);
}
