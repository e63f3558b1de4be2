import { invalid } from './twilio-error';

export type Fields = Readonly<Record<string, unknown>>;

/** The JSON object of a call. @throws TwilioError 400 for anything else. */
export function fieldsOf(json: unknown): Fields {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return { ...json };
  throw invalid(20001, 'The body must be a JSON object');
}

/** @throws TwilioError 400 for what is there and is no text. */
export function textField(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw invalid(20422, `Invalid Parameter: ${name}`);
  return value;
}

/** @throws TwilioError 400 for what is there and is no object. */
export function objectField(fields: Fields, name: string): Fields | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'object' || Array.isArray(value)) throw invalid(20422, `Invalid Parameter: ${name}`);
  return { ...value };
}
