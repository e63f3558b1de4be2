/**
 * What Twilio publishes about its resources, restated by hand as JSON Schema, and what it takes to hold both sides to it:
 * the requests that a client makes, and the answers that the emulator gives.
 *
 * Source: https://github.com/twilio/twilio-oai, `spec/json`: `twilio_api_v2010`, `twilio_accounts_v1`, `twilio_iam_v1`,
 * `twilio_messaging_v1`, `_v2` and `_v3`, `twilio_content_v1` and `twilio_monitor_v1`. That description declares every
 * property of an answer nullable and none required; its examples show all of them present, and some never null. Here the
 * stricter reading holds. `TrafficType`, `MessageIntent` and `FallbackFrom` come from the `twilio` package, which is
 * generated from a newer edition.
 */
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';

export const sid = (prefix: string) => ({ type: 'string', pattern: `^(${prefix})[0-9a-fA-F]{32}$` });
export const nullable = (schema: { type: string; [keyword: string]: unknown }) => ({
  ...schema,
  type: [schema.type, 'null'],
});
export const text = { type: 'string' };
export const flag = { type: 'string', enum: ['true', 'false'] };
export const whole = { type: 'string', pattern: '^\\d+$' };
export const oneOf = (...values: string[]) => ({ type: 'string', enum: values });
/** E.164, or a channel address such as `whatsapp:+15552229999`. */
export const address = { type: 'string', pattern: '^(\\+[1-9]\\d{1,14}|[a-z]+:\\S+)$', maxLength: 140 };
export const url = { type: 'string', format: 'uri' };
export const rfc2822 = { type: 'string', format: 'date-time-rfc-2822' };
export const dateOrTime = { type: 'string', format: 'date-filter' };
export const path = (end: string) => ({ type: 'string', pattern: `^/2010-04-01/Accounts/AC[0-9a-fA-F]{32}${end}` });

export interface FormSchema {
  readonly properties: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly [keyword: string]: unknown;
}

const ajv = new Ajv({ allErrors: true, allowUnionTypes: true, strictRequired: false, strictTypes: false });
ajv.addFormat('uri', (value: string) => /^https?:\/\/[^\s/_?#]+([/?#]|$)/.test(value) && URL.canParse(value));
ajv.addFormat(
  'date-time-rfc-2822',
  (value: string) => isTime(value) && new Date(value).toUTCString() === value.replace('+0000', 'GMT'),
);
ajv.addFormat(
  'date-time',
  (value: string) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(value) && isTime(value),
);
ajv.addFormat(
  'date-filter',
  (value: string) => /^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?Z)?$/.test(value) && isTime(value),
);
ajv.addFormat('page-size', (value: string) => isWholeBetween(value, 1, 1000));
ajv.addFormat('validity-period', (value: string) => isWholeBetween(value, 1, 36_000));
ajv.addFormat('json-object', isFlatJsonObject);

export const compile = (schema: object): ValidateFunction => ajv.compile(schema);

export function check(what: string, validate: ValidateFunction, value: unknown): void {
  if (validate(value)) return;
  const problems = (validate.errors ?? []).map((error) => `  - ${describe(error)}`);
  throw new Error(`${what} does not match Twilio's description:\n${[...new Set(problems)].join('\n')}`);
}

function describe({ instancePath, message, params, keyword }: ErrorObject): string {
  const extra = keyword === 'additionalProperties' ? `: ${String(params['additionalProperty'])}` : '';
  const allowed = keyword === 'enum' ? `: ${JSON.stringify(params['allowedValues'])}` : '';
  return `${instancePath || '(root)'} ${message}${extra}${allowed}`;
}

/** A repeated key is an array; a key that may not be repeated but is, stays an array and fails its type. */
export function formObject(params: URLSearchParams, schema: FormSchema): Record<string, unknown> {
  return Object.fromEntries(
    [...new Set(params.keys())].map((key) => {
      const values = params.getAll(key);
      return [key, schema.properties[key]?.['type'] === 'array' || values.length > 1 ? values : values[0]];
    }),
  );
}

function isTime(value: string): boolean {
  return !Number.isNaN(Date.parse(value));
}

function isWholeBetween(value: string, low: number, high: number): boolean {
  return /^\d+$/.test(value) && Number(value) >= low && Number(value) <= high;
}

function isFlatJsonObject(value: string): boolean {
  try {
    const parsed: unknown = JSON.parse(value);
    return (
      typeof parsed === 'object' &&
      parsed !== null &&
      !Array.isArray(parsed) &&
      Object.values(parsed).every((entry) => typeof entry === 'string')
    );
  } catch {
    return false;
  }
}
