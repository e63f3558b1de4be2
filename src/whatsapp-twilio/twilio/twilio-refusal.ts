import { describeTwilioError } from './error-catalogue';
import { lookFirst } from './error-catalogue.data';
import { isRecord, parseJson } from './json';
import { scrub } from './scrub';
import {
  classOfRefusal,
  type TwilioApiError,
  type TwilioErrorDetail,
  type TwilioRefusal,
  TwilioServerError,
} from './twilio-errors';

export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** A refusal as it came; `body` is empty where none could be read. */
export interface RefusedAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** What the answer does not say itself. */
export interface RefusalContext {
  /** Making the same call again does no harm. */
  readonly idempotent: boolean;
  /** What the request carried that must not come back in an error. */
  readonly secrets: readonly string[];
  /** Milliseconds since 1970, for a `Retry-After` that is a date. */
  readonly now: number;
}

const MOST_DETAILS = 20;
const LONGEST_WAIT_MS = 24 * 3_600_000;

/**
 * The error for an answer of 400 or above. Reads Twilio's own form (`code`, `message`), problem details (RFC 9457) and
 * lists (`errors`); an answer that is none of these is judged by its status alone.
 */
export function apiErrorOf(answer: RefusedAnswer, context: RefusalContext): TwilioApiError {
  const refusal = readRefusal(answer, context);
  const { twilioCode, httpStatus, text } = refusal;
  const ErrorClass = classOfRefusal(refusal);
  const { title, retryable, action, help } = describeTwilioError(twilioCode, {
    httpStatus,
    message: text ?? `Twilio answered HTTP ${httpStatus}`,
  });
  if (ErrorClass !== TwilioServerError) {
    const isRateLimit = httpStatus === 429;
    return new ErrorClass(refusal, {
      title,
      retryable: retryable || isRateLimit,
      action: isRateLimit ? 'retry' : action,
      help,
      outcome: 'refused',
    });
  }
  return new ErrorClass(refusal, {
    title,
    retryable: context.idempotent,
    action: context.idempotent ? 'retry' : 'none',
    help: context.idempotent ? 'Try again later.' : lookFirst,
    outcome: 'unknown',
  });
}

/** `Twilio-Request-Id`, where it looks like one. */
export function requestIdOf(headers: Headers): string | undefined {
  const value = headerOf(headers, 'twilio-request-id');
  return value !== undefined && /^[\w-]{1,64}$/.test(value) ? value : undefined;
}

/** `Retry-After` (RFC 9110, section 10.2.3: seconds, or a date) in milliseconds: never negative, at most a day. */
export function retryAfterOf(headers: Headers, now: number): number | undefined {
  const value = headerOf(headers, 'retry-after')?.trim();
  if (value === undefined) return undefined;
  const wait = /^\d+$/.test(value)
    ? Number(value) * 1000
    : value.endsWith('GMT')
      ? Date.parse(value) - now
      : Number.NaN;
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(0, wait), LONGEST_WAIT_MS);
}

function readRefusal(answer: RefusedAnswer, { secrets, now }: RefusalContext): TwilioRefusal {
  const body = recordOf(parseJson(answer.body));
  const errors = Array.isArray(body['errors']) ? body['errors'].slice(0, MOST_DETAILS).map(recordOf) : [];
  const main = body['code'] === undefined && body['message'] === undefined ? { ...errors[0], ...body } : body;

  const clean = (value: unknown) => (typeof value === 'string' ? scrub(value, secrets) || undefined : undefined);
  const texts = [clean(main['message']) ?? clean(main['title']), clean(main['detail'])];
  const details = errors.flatMap((error): TwilioErrorDetail[] => {
    const detail = clean(error['detail']) ?? clean(error['message']);
    const pointer = clean(error['pointer']);
    return detail === undefined ? [] : [pointer === undefined ? { detail } : { detail, pointer }];
  });
  return {
    httpStatus: answer.status,
    twilioCode: codeOf(main['code']),
    text: [...new Set(texts.filter((text) => text !== undefined))].join(' ') || undefined,
    requestId: requestIdOf(answer.headers),
    retryAfterMs: retryAfterOf(answer.headers, now),
    details,
  };
}

function codeOf(value: unknown): number | undefined {
  const code = typeof value === 'string' && /^\d{1,6}$/.test(value) ? Number(value) : value;
  return typeof code === 'number' && Number.isSafeInteger(code) && code > 0 ? code : undefined;
}

function headerOf(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function recordOf(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}
