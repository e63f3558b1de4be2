import { type FormSchema, nullable, path, text, whole } from './schema';

/** `2023-08-24T05:01:45Z`: the newer APIs write ISO 8601. */
export const iso8601 = { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$' };
export const anyUrl = { type: 'string', pattern: '^https?://[^\\s/]+/' };

/** An object with exactly these properties, all of them there. */
export function exactly(properties: Readonly<Record<string, object>>): object {
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false };
}

/** One page of the 2010-04-01 API. */
export function page2010(key: string, item: object, end: string): object {
  const uri = path(`${end}(\\?|$)`);
  return exactly({
    [key]: { type: 'array', items: item },
    first_page_uri: uri,
    next_page_uri: nullable(uri),
    previous_page_uri: nullable(uri),
    uri,
    page: { type: 'integer', minimum: 0 },
    page_size: { type: 'integer', minimum: 1, maximum: 1000 },
    start: { type: 'integer', minimum: 0 },
    end: { type: 'integer', minimum: 0 },
  });
}

/** One page of the newer APIs. */
export function pageWithMeta(key: string, item: object): object {
  return exactly({
    [key]: { type: 'array', items: item },
    meta: exactly({
      first_page_url: anyUrl,
      next_page_url: nullable(anyUrl),
      previous_page_url: nullable(anyUrl),
      url: anyUrl,
      page: { type: 'integer', minimum: 0 },
      page_size: { type: 'integer', minimum: 1, maximum: 1000 },
      key: { const: key },
    }),
  });
}

/** What every 4xx and 5xx says. @see https://www.twilio.com/docs/usage/twilios-response#exceptions */
export const errorBody = {
  type: 'object',
  properties: {
    code: { type: 'integer' },
    message: text,
    more_info: { type: 'string', pattern: '^https://www\\.twilio\\.com/docs/errors/\\d+$' },
    status: { type: 'integer' },
    detail: text,
  },
  required: ['code', 'message', 'more_info', 'status'],
  additionalProperties: false,
};

/** What every list can be asked for: its page, and what it filters by. */
export function listQuery(filters: FormSchema['properties'] = {}): FormSchema {
  const properties = { PageSize: whole, Page: whole, PageToken: text, ...filters };
  return { type: 'object', properties, additionalProperties: false };
}
