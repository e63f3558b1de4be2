import { type ErrorAction, type MessageError, twilioErrorCatalogue } from './error-catalogue';
import { lookFirst } from './error-catalogue.data';

/**
 * What became of the request:
 * `refused`: Twilio read it and did nothing; `not-sent`: it never left this process;
 * `unknown`: Twilio may or may not have done it, and only Twilio can tell.
 */
export type TwilioOutcome = 'refused' | 'not-sent' | 'unknown';

/** One code for each class below, for `switch` and for telling errors apart across copies of this package. */
export type TwilioErrorCode =
  | 'TWILIO_AUTHENTICATION'
  | 'TWILIO_RATE_LIMITED'
  | 'TWILIO_NOT_FOUND'
  | 'TWILIO_INVALID_REQUEST'
  | 'TWILIO_SERVER_ERROR'
  | 'TWILIO_UNREADABLE_ANSWER'
  | 'TWILIO_CONNECTION'
  | 'TWILIO_INVALID_ARGUMENT';

const BRAND = Symbol.for('nestjs-whatsapp-twilio/TwilioError');

interface Explanation {
  readonly title: string;
  readonly retryable: boolean;
  readonly action: ErrorAction;
  readonly help: string;
  readonly outcome: TwilioOutcome;
}

/** Why a call to Twilio failed. No error carries credentials, message texts or whole phone numbers. */
export abstract class TwilioError extends Error {
  abstract readonly code: TwilioErrorCode;
  readonly title: string;
  /** The same call may be made again, later, and cannot do its work twice. */
  readonly retryable: boolean;
  /** Who must act. */
  readonly action: ErrorAction;
  /** What to do, in one sentence. */
  readonly help: string;
  readonly outcome: TwilioOutcome;

  protected constructor(message: string, explanation: Explanation, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.title = explanation.title;
    this.retryable = explanation.retryable;
    this.action = explanation.action;
    this.help = explanation.help;
    this.outcome = explanation.outcome;
  }

  get [BRAND](): true {
    return true;
  }

  /** This error as the `error` of the message that it kept from being sent. */
  toMessageError(): MessageError {
    return { code: this.code, title: this.title, retryable: this.retryable, action: this.action, help: this.help };
  }
}

/** Whether a call to Twilio failed with one of these errors, be it from another copy of this package. */
export function isTwilioError(error: unknown): error is TwilioError {
  return typeof error === 'object' && error !== null && BRAND in error;
}

/** One complaint of several about a request (RFC 9457 `errors`); `pointer` names the field. */
export interface TwilioErrorDetail {
  readonly detail: string;
  readonly pointer?: string;
}

/** What Twilio's refusal says. */
export interface TwilioRefusal {
  readonly httpStatus: number;
  readonly twilioCode?: number;
  /** Twilio's own words, made fit for a log. */
  readonly text?: string;
  /** `Twilio-Request-Id`, which Twilio's support asks for. */
  readonly requestId?: string;
  readonly retryAfterMs?: number;
  readonly details: readonly TwilioErrorDetail[];
}

/** Twilio answered, and the answer was no. */
export abstract class TwilioApiError extends TwilioError {
  readonly httpStatus: number;
  /** Twilio's error code; see https://www.twilio.com/docs/api/errors. */
  readonly twilioCode?: number;
  /** What Twilio's support asks for. */
  readonly requestId?: string;
  /** How long Twilio asks to wait, in milliseconds. */
  readonly retryAfterMs?: number;
  readonly details: readonly TwilioErrorDetail[];

  constructor(refusal: TwilioRefusal, explanation: Explanation) {
    const { httpStatus, twilioCode, text } = refusal;
    const named = twilioCode === undefined ? `HTTP ${httpStatus}` : `HTTP ${httpStatus}, error ${twilioCode}`;
    const said = text === undefined || text === explanation.title ? '' : ` Twilio says: ${text}`;
    super(`${explanation.title} (${named}).${said}`, explanation);
    this.httpStatus = httpStatus;
    this.details = refusal.details;
    if (twilioCode !== undefined) this.twilioCode = twilioCode;
    if (refusal.requestId !== undefined) this.requestId = refusal.requestId;
    if (refusal.retryAfterMs !== undefined) this.retryAfterMs = refusal.retryAfterMs;
  }

  override toMessageError(): MessageError {
    return { ...super.toMessageError(), code: this.twilioCode ?? this.code };
  }
}

/** The credentials are wrong, or may not do this: no request of this account will succeed until that is put right. */
export class TwilioAuthenticationError extends TwilioApiError {
  readonly code = 'TWILIO_AUTHENTICATION';
}

/** Too much, too fast: nothing was done, and the same request will succeed later. */
export class TwilioRateLimitedError extends TwilioApiError {
  readonly code = 'TWILIO_RATE_LIMITED';
}

/** There is no such message, Messaging Service or account, or it is another account's. */
export class TwilioNotFoundError extends TwilioApiError {
  readonly code = 'TWILIO_NOT_FOUND';
}

/** This request will not succeed as it is; `action` tells whether it or the account must change. */
export class TwilioInvalidRequestError extends TwilioApiError {
  readonly code = 'TWILIO_INVALID_REQUEST';
}

/** Twilio, or something in front of it, failed: whether the request was carried out is unknown. */
export class TwilioServerError extends TwilioApiError {
  readonly code = 'TWILIO_SERVER_ERROR';
}

/** An answer came that is not Twilio's: a redirect, or a success without the resource that belongs in it. */
export class TwilioUnreadableAnswerError extends TwilioError {
  readonly code = 'TWILIO_UNREADABLE_ANSWER';
  readonly httpStatus: number;
  readonly requestId?: string;

  constructor(problem: string, answer: { httpStatus: number; requestId?: string; idempotent: boolean }) {
    super(`Unreadable answer (HTTP ${answer.httpStatus}): ${problem}.`, {
      title: 'Unreadable answer',
      retryable: answer.idempotent,
      action: answer.idempotent ? 'retry' : 'none',
      help: `Check that the API base URL is Twilio's and what stands in between.${answer.idempotent ? '' : ` ${lookFirst}`}`,
      outcome: 'unknown',
    });
    this.httpStatus = answer.httpStatus;
    if (answer.requestId !== undefined) this.requestId = answer.requestId;
  }
}

/** No answer came. `outcome` is `not-sent` as long as no byte of the request was written, else `unknown`. */
export class TwilioConnectionError extends TwilioError {
  readonly code = 'TWILIO_CONNECTION';
  /** `TIMEOUT`, `ABORTED`, or the system's code, such as `ECONNREFUSED`. */
  readonly reason: string;

  constructor(failure: { reason: string; written: boolean; idempotent: boolean; cause?: unknown }) {
    const safe = !failure.written || failure.idempotent;
    const what = failure.written ? 'No answer from Twilio' : 'Twilio was not reached';
    super(
      `${what} (${failure.reason}).`,
      {
        title: what,
        retryable: safe,
        action: safe ? 'retry' : 'none',
        help: safe ? 'Send again later; check the network and the API base URL if it stays.' : lookFirst,
        outcome: failure.written ? 'unknown' : 'not-sent',
      },
      failure.cause,
    );
    this.reason = failure.reason;
  }
}

/** The caller's mistake, found before anything was sent. */
export class TwilioArgumentError extends TwilioError {
  readonly code = 'TWILIO_INVALID_ARGUMENT';

  constructor(problem: string) {
    super(problem, {
      title: 'Invalid argument',
      retryable: false,
      action: 'fix-request',
      help: problem,
      outcome: 'not-sent',
    });
  }
}

const CREDENTIAL_CODES = new Set([20003, 20005, 20006, 20008, 20403]);

/** The class of error that a refusal calls for. */
export function classOfRefusal({ httpStatus, twilioCode }: Pick<TwilioRefusal, 'httpStatus' | 'twilioCode'>) {
  const known = twilioCode === undefined ? undefined : twilioErrorCatalogue.get(twilioCode);
  if (httpStatus >= 500 || httpStatus === 408) return TwilioServerError;
  if (httpStatus === 429 || (known?.action === 'retry' && known.phase !== 'delivery')) return TwilioRateLimitedError;
  if (known !== undefined && CREDENTIAL_CODES.has(known.code)) return TwilioAuthenticationError;
  if (httpStatus === 404 || twilioCode === 20404) return TwilioNotFoundError;
  if (httpStatus === 401 || (httpStatus === 403 && known === undefined)) return TwilioAuthenticationError;
  return TwilioInvalidRequestError;
}
