import Ajv2020, { type ValidateFunction } from 'ajv/dist/2020';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Described {
  readonly operationId: string;
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, object>>; readonly headers?: object }>
  >;
}

/** What was answered, whoever asked. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed, where it is JSON. */
  readonly body: unknown;
}

export const document = JSON.parse(readFileSync(join(__dirname, '../../openapi.json'), 'utf8')) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
};

/** Of HTTP itself, of the connection, and of what every server says to every browser. */
const EVERYWHERE =
  /^(allow|cache-control|connection|content-(length|security-policy|type)|date|keep-alive|transfer-encoding|x-accel-buffering|x-content-type-options)$/;

/** What a server answers whatever it is asked, before it looks for an operation. */
const OF_HTTP = new Set([405, 408, 413, 414, 415, 431]);

const ajv = new Ajv2020({ strict: false, validateFormats: false });
ajv.addSchema(closed(document) as object, 'api');

const routes = Object.entries(document.paths).map(([path, operations]) => ({
  path,
  operations,
  pattern: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`),
}));

/** The same schemas, in which an object has no property that is not described. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  const isClosed = copy['type'] === 'object' && 'properties' in copy && !('additionalProperties' in copy);
  return isClosed ? { ...copy, additionalProperties: false } : copy;
}

/**
 * Holds an answer against openapi.json: its status, the type and every field of its body, and its headers. Returns the
 * operation and the status, or `undefined` for what is no operation of the API.
 *
 * @throws for what is not described.
 */
export function checkDescribed(method: string, url: string, { status, headers, body }: Answer): string | undefined {
  const requested = new URL(url, 'http://service').pathname;
  const route = routes.find(({ pattern }) => pattern.test(requested));
  const name = method.toLowerCase();
  const operation = route?.operations[name];
  if (route === undefined || operation === undefined) return undefined;
  const what = `${operation.operationId} answered ${status}`;
  const described = operation.responses[String(status)];
  if (described === undefined) {
    if (OF_HTTP.has(status)) return undefined;
    throw new Error(`${what}, which is not described`);
  }
  const known = new Set(Object.keys(described.headers ?? {}).map((header) => header.toLowerCase()));
  const unknown = Object.keys(headers).filter((header) => !EVERYWHERE.test(header) && !known.has(header));
  if (unknown.length > 0) throw new Error(`${what} with ${unknown.join(', ')}, which is not described`);
  const [type = ''] = (headers['content-type'] ?? '').split(';');
  if (described.content === undefined) {
    if (type !== '') throw new Error(`${what} with a body of ${type}, which is not described`);
    return `${operation.operationId} ${status}`;
  }
  if (!(type in described.content) && !('*/*' in described.content)) {
    throw new Error(`${what} with ${type}, which is not described`);
  }
  if (type.endsWith('json'))
    validate(`/paths/${token(route.path)}/${name}/responses/${status}/content/${token(type)}/schema`, body, what);
  return `${operation.operationId} ${status}`;
}

function validate(pointer: string, body: unknown, what: string): void {
  const schema = ajv.getSchema(`api#${pointer}`) as ValidateFunction;
  if (!schema(body)) throw new Error(`${what}: ${ajv.errorsText(schema.errors)}\n${JSON.stringify(body)}`);
}

function token(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1').replaceAll('{', '%7B').replaceAll('}', '%7D');
}
