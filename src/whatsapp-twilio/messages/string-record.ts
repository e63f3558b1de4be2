import { isPlainObject, pathOf, type FieldErrors } from './field-errors';

/**
 * Checks an object of strings, such as a template's variables, and copies it. `check` returns the value, or adds an
 * error under the path it is given.
 */
export function validateStringRecord(
  field: string,
  value: unknown,
  most: number,
  check: (path: string, name: string, value: unknown) => string | undefined,
  errors: FieldErrors,
): Readonly<Record<string, string>> | undefined {
  if (!isPlainObject(value)) {
    errors.add(field, 'invalid', 'must be an object of strings, such as { "name": "Ann" }.');
    return undefined;
  }
  const entries = Object.entries(value);
  if (entries.length > most) {
    errors.add(field, 'too-many', `has ${entries.length} entries; at most ${most} are accepted.`);
    return undefined;
  }
  const checked: [string, string][] = [];
  for (const [name, each] of entries) {
    const text = check(pathOf(field, name), name, each);
    if (text !== undefined) checked.push([name, text]);
  }
  return Object.freeze(Object.fromEntries(checked));
}
