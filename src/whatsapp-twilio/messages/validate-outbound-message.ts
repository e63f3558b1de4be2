import { formatAddress, parseAddress, type Address } from './address';
import { ownProperty } from './bounded-json';
import { FieldErrors, type FieldError } from './field-errors';
import { outboundPriorities, outsideWindowPolicies, type OutboundRequest } from './outbound-message';
import { parseInstant } from './parse-instant';
import { validateStringRecord } from './string-record';
import { outboundFields, refuseUnknownFields, type OutboundField } from './unknown-fields';
import { isGiven, validateContent } from './validate-content';

const LONGEST_EXPIRY_SECONDS = 36_000;
const MOST_METADATA = 50;
const LONGEST_METADATA_NAME = 100;
const LONGEST_METADATA_VALUE = 500;

export type { FieldError };

const knownFields: ReadonlySet<string> = new Set(outboundFields);

export type OutboundValidation =
  | { readonly ok: true; readonly request: OutboundRequest }
  | { readonly ok: false; readonly errors: readonly FieldError[] };

/**
 * Checks what a caller wants to send against everything that can be known before Twilio is asked, and brings it into
 * one form. It never throws, and reports at most one error for each field. `null` counts as left out.
 *
 * @see https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource
 */
export function validateOutboundMessage(input: unknown): OutboundValidation {
  const errors = new FieldErrors();
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    errors.add('message', 'invalid', 'must be an object with to, and text, media, template or location.');
    return { ok: false, errors: errors.list() };
  }
  refuseUnknownFields(input, knownFields, '', errors);
  const given: { readonly [Field in OutboundField]?: unknown } = input;

  const to = isGiven(given.to) ? validateAddress('to', given.to, errors) : undefined;
  if (!isGiven(given.to)) errors.add('to', 'required', 'is required.');
  const from = optional(given.from, (value) => validateAddress('from', value, errors));
  if (to && from && formatAddress(to) === formatAddress(from)) {
    errors.add('to', 'conflict', 'is the same as from. WhatsApp sends no message to its own sender (Twilio 63031).');
  }

  const content = validateContent(given, errors);
  const rest = {
    connectionId: optional(given.connectionId, (value) =>
      matching('connectionId', value, /^[\w.-]{1,128}$/, 'must be the id of a connection.', errors),
    ),
    idempotencyKey: optional(given.idempotencyKey, (value) =>
      matching('idempotencyKey', value, /^[ -~]{1,255}$/, 'must have 1 to 255 printable ASCII characters.', errors),
    ),
    sendAt: optional(given.sendAt, (value) => validateSendAt(value, errors)),
    expiresInSeconds: optional(given.expiresInSeconds, (value) => validateExpiry(value, errors)),
    outsideWindow: optional(given.outsideWindow, (value) =>
      oneOf('outsideWindow', value, outsideWindowPolicies, errors),
    ),
    metadata: optional(given.metadata, (value) =>
      validateStringRecord(
        'metadata',
        value,
        MOST_METADATA,
        (field, name, each) => validateMetadata(field, name, each, errors),
        errors,
      ),
    ),
  };
  const priority = optional(given.priority, (value) => oneOf('priority', value, outboundPriorities, errors));

  const found = errors.list();
  if (found.length > 0 || !to || !content) return { ok: false, errors: found };
  const request: OutboundRequest = {
    to,
    ...(from && { from }),
    content: Object.freeze(content),
    priority: priority ?? 'conversation',
    ...withoutUndefined(rest),
  };
  return { ok: true, request: Object.freeze(request) };
}

function optional<T>(value: unknown, validate: (value: unknown) => T | undefined): T | undefined {
  return isGiven(value) ? validate(value) : undefined;
}

/** `from` is a phone number: a business-scoped id names a user, and users are not sent from. */
function validateAddress(field: 'to' | 'from', value: unknown, errors: FieldErrors): Address | undefined {
  const address = toAddress(value);
  if (address && (field === 'to' || address.kind === 'phone')) return Object.freeze(address);
  const orUserId = field === 'to' ? ' or a business-scoped user id such as US.13491208655302741918' : '';
  errors.add(
    field,
    'invalid',
    `must be a phone number in E.164 such as +15551230001, without spaces${orUserId}, with or without "whatsapp:".`,
  );
  return undefined;
}

function toAddress(value: unknown): Address | undefined {
  if (typeof value === 'string') return parseAddress(value);
  const text = ownProperty(value, 'value');
  const address = typeof text === 'string' ? parseAddress(text) : undefined;
  return address?.kind === ownProperty(value, 'kind') ? address : undefined;
}

function matching(
  field: OutboundField,
  value: unknown,
  pattern: RegExp,
  demand: string,
  errors: FieldErrors,
): string | undefined {
  if (typeof value === 'string' && pattern.test(value)) return value;
  errors.add(field, 'invalid', demand);
  return undefined;
}

function oneOf<T extends string>(
  field: OutboundField,
  value: unknown,
  choices: readonly T[],
  errors: FieldErrors,
): T | undefined {
  const choice = choices.find((each) => each === value);
  if (choice === undefined) errors.add(field, 'invalid', `must be ${choices.join(' or ')}.`);
  return choice;
}

function validateSendAt(value: unknown, errors: FieldErrors): Date | undefined {
  const instant = parseInstant(value);
  if (!instant) {
    errors.add('sendAt', 'invalid', 'must be a Date, or ISO 8601 with its offset, such as 2026-01-31T09:00:00Z.');
  }
  return instant;
}

/** Twilio's limit for `ValidityPeriod`, kept for the whole way of a message. */
function validateExpiry(value: unknown, errors: FieldErrors): number | undefined {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= LONGEST_EXPIRY_SECONDS) {
    return value;
  }
  const code = typeof value === 'number' ? 'out-of-range' : 'invalid';
  errors.add('expiresInSeconds', code, `must be a whole number of seconds between 1 and ${LONGEST_EXPIRY_SECONDS}.`);
  return undefined;
}

function validateMetadata(field: string, name: string, value: unknown, errors: FieldErrors): string | undefined {
  if (name === '' || name.length > LONGEST_METADATA_NAME) {
    errors.add(field, 'invalid', `must have a name of 1 to ${LONGEST_METADATA_NAME} characters.`);
  } else if (typeof value !== 'string') {
    errors.add(field, 'invalid', 'must be a string.');
  } else if (value.length > LONGEST_METADATA_VALUE) {
    errors.add(field, 'too-long', `has ${value.length} characters; at most ${LONGEST_METADATA_VALUE} are kept.`);
  } else {
    return value;
  }
  return undefined;
}

/** A field that was left out is not there, rather than there and `undefined`. */
function withoutUndefined<T extends object>(value: T): Partial<T> {
  const copy: Partial<T> = { ...value };
  for (const key in copy) {
    if (copy[key] === undefined) delete copy[key];
  }
  return copy;
}
