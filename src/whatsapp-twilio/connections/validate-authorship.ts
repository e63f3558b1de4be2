import { FieldErrors } from '../messages/field-errors';
import type { Authorship } from './connection-writes';
import { InvalidConnectionError } from './connections.errors';

const LONGEST_ACTOR = 200;
const LONGEST_REASON = 500;

/** @throws InvalidConnectionError (`INVALID_CONNECTION`) when nobody would stand behind the change. */
export function checkAuthorship(by: unknown): Authorship {
  const { actor, reason } = (by ?? {}) as { actor?: unknown; reason?: unknown };
  const errors = new FieldErrors();
  if (!isText(actor, LONGEST_ACTOR)) {
    errors.add('actor', 'required', `is required: who makes the change, in up to ${LONGEST_ACTOR} characters.`);
  }
  if (reason !== undefined && reason !== null && !isText(reason, LONGEST_REASON)) {
    errors.add('reason', 'invalid', `must be a text of up to ${LONGEST_REASON} characters.`);
  }
  const found = errors.list();
  if (found.length > 0) throw new InvalidConnectionError(found);
  return { actor: actor as string, ...(typeof reason === 'string' && { reason }) };
}

function isText(value: unknown, longest: number): boolean {
  return typeof value === 'string' && value.trim() !== '' && value.length <= longest && !value.includes('\0');
}
