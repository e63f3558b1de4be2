import { FieldErrors } from '../../whatsapp-twilio/messages/field-errors';
import { validationProblem } from '../problems/validation.pipe';

/** A body without the reason for it, which goes to the audit trail. The module checks both. */
export function splitReason(body: unknown): { readonly reason: unknown; readonly fields: unknown } {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return { reason: undefined, fields: body };
  const { reason, ...fields } = body as Record<string, unknown>;
  return { reason, fields };
}

/**
 * The fields of a body that may be left out altogether; the module checks their values.
 *
 * @throws ApiProblem 400 for what is no object, or has other fields.
 */
export function optionalFields(body: unknown, known: readonly string[]): Readonly<Record<string, unknown>> {
  const fields = body ?? {};
  if (typeof fields !== 'object' || Array.isArray(fields)) {
    throw validationProblem([{ field: 'body', code: 'invalid', message: 'The body must be an object, or left out.' }]);
  }
  const errors = new FieldErrors();
  for (const name of Object.keys(fields)) {
    if (!known.includes(name)) errors.add(name.slice(0, 64), 'unknown', `is not known here. Use ${known.join(', ')}.`);
  }
  if (errors.list().length > 0) throw validationProblem(errors.list());
  return fields as Record<string, unknown>;
}
