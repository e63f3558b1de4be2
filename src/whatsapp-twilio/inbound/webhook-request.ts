import type { WebhookParams } from '../twilio/signature';
import { parseFormBody } from '../twilio/signature';

/** What Express and Fastify requests have in common, as far as it is needed here. */
export interface WebhookRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly params?: unknown;
  readonly body?: unknown;
  /** Kept by Nest's `rawBody: true`. */
  readonly rawBody?: Uint8Array;
  /** Both platforms read forwarded headers here only from proxies they were told to trust. */
  readonly protocol?: string;
  readonly host?: string;
  /** The path and query as sent: Express changes `url` below a mount point, Fastify keeps it in `raw` too. */
  readonly originalUrl?: string;
  readonly url: string;
}

export type WebhookBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'form'; readonly params: WebhookParams }
  | { readonly kind: 'json'; readonly bytes: Uint8Array }
  /** JSON that the host parsed and whose bytes are gone. */
  | { readonly kind: 'json-without-bytes' }
  /** A body of a type that no signature covers. */
  | { readonly kind: 'unsigned' };

export function header(request: WebhookRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : value?.[0];
}

/** Path and query as they came. */
export function requestPath(request: WebhookRequest): string {
  return request.originalUrl ?? request.url;
}

export function queryOf(request: WebhookRequest): URLSearchParams {
  const path = requestPath(request);
  const start = path.indexOf('?');
  return new URLSearchParams(start === -1 ? '' : path.slice(start + 1));
}

/** The body for verification: from the raw bytes where the host keeps them, else from the parsed form. */
export function bodyOf(request: WebhookRequest): WebhookBody {
  if (request.method === 'GET' || request.method === 'HEAD') return { kind: hasBody(request) ? 'unsigned' : 'none' };
  const type = (header(request, 'content-type') ?? '').split(';', 1)[0]!.trim().toLowerCase();
  if (type === 'application/x-www-form-urlencoded') {
    return { kind: 'form', params: request.rawBody ? parseFormBody(request.rawBody) : flatten(request.body) };
  }
  if (!hasBody(request)) return { kind: 'none' };
  if (type !== 'application/json' && !type.endsWith('+json')) return { kind: 'unsigned' };
  return request.rawBody ? { kind: 'json', bytes: request.rawBody } : { kind: 'json-without-bytes' };
}

function hasBody(request: WebhookRequest): boolean {
  return header(request, 'transfer-encoding') !== undefined || Number(header(request, 'content-length') ?? 0) > 0;
}

/**
 * A parsed form as the flat parameters it came from. Express' parser nests `a[b]=c`; Twilio's own parameters have no
 * brackets, so this only matters for those that a host adds to its URLs.
 */
function flatten(body: unknown): Record<string, string | string[]> {
  const flat: Record<string, string | string[]> = Object.create(null) as Record<string, string | string[]>;
  const visit = (key: string, value: unknown) => {
    if (typeof value === 'string') flat[key] = value;
    else if (Array.isArray(value)) {
      if (value.every((item) => typeof item === 'string')) flat[key] = value;
      else value.forEach((item, index) => visit(`${key}[${index}]`, item));
    } else if (typeof value === 'object' && value !== null) {
      for (const [inner, item] of Object.entries(value)) visit(`${key}[${inner}]`, item);
    }
  };
  if (typeof body === 'object' && body !== null) {
    for (const [key, value] of Object.entries(body)) visit(key, value);
  }
  return flat;
}
