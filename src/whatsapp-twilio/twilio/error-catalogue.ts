import { errorRows, type ErrorAction, type ErrorPhase, lookFirst } from './error-catalogue.data';
import { scrub } from './scrub';

export type { ErrorAction, ErrorPhase } from './error-catalogue.data';

/** Why a message failed and what to do: the `error` of an outbound message. */
export interface MessageError {
  /** Twilio's error code as a number, or a text of ours (`EXPIRED`) where the reason is not Twilio's. */
  readonly code: number | string;
  readonly title: string;
  /** Sending the same message again, later, can succeed. */
  readonly retryable: boolean;
  /** Who must act: `retry` (wait), `fix-request`, `fix-account`, `recipient`, or nobody (`none`). */
  readonly action: ErrorAction;
  /** What to do, in one sentence. */
  readonly help: string;
}

/** What is known of one of Twilio's error codes. */
export interface TwilioErrorInfo extends MessageError {
  readonly code: number;
  readonly phase: ErrorPhase;
}

/** The errors of Twilio that concern WhatsApp messages, by code; see https://www.twilio.com/docs/api/errors. */
export const twilioErrorCatalogue: ReadonlyMap<number, TwilioErrorInfo> = new Map(
  errorRows.map(([code, phase, action, title, help, retryable = action === 'retry']) => [
    code,
    Object.freeze({ code, title, retryable, action, help, phase }),
  ]),
);

type Reaction = Pick<MessageError, 'retryable' | 'action' | 'help'>;

/**
 * Explains an error of Twilio, also one that the catalogue does not know: then by the HTTP status that came with it, or
 * by the range its code is in. Phone numbers in `fallback.message` are masked.
 *
 * @example
 * describeTwilioError(63016); // { code: 63016, title: 'Outside the 24-hour window', action: 'fix-request', … }
 */
export function describeTwilioError(
  code: number | undefined,
  fallback: { readonly httpStatus?: number; readonly message?: string } = {},
): MessageError {
  const known = code === undefined ? undefined : twilioErrorCatalogue.get(code);
  if (known !== undefined) {
    const { title, retryable, action, help } = known;
    return { code: known.code, title, retryable, action, help };
  }
  const { httpStatus, message } = fallback;
  const usableCode = code !== undefined && Number.isSafeInteger(code) && code > 0 ? code : undefined;
  const name = usableCode ?? (httpStatus === undefined ? 'UNKNOWN' : `HTTP_${httpStatus}`);
  const title = scrub(message ?? '') || (usableCode === undefined ? 'Unknown error' : `Twilio error ${usableCode}`);
  const reaction = httpStatus === undefined ? reactionToCode(usableCode) : reactionToStatus(httpStatus);
  const page = usableCode === undefined ? '' : ` See https://www.twilio.com/docs/api/errors/${usableCode}.`;
  return { code: name, title, ...reaction, help: reaction.help + page };
}

function reactionToStatus(status: number): Reaction {
  if (status === 401 || status === 403) {
    return { retryable: false, action: 'fix-account', help: 'Check the credentials and what they give access to.' };
  }
  if (status === 429) return { retryable: true, action: 'retry', help: 'Nothing was sent: send again, more slowly.' };
  if (status === 408 || status >= 500) {
    return { retryable: false, action: 'none', help: lookFirst };
  }
  return { retryable: false, action: 'fix-request', help: 'Correct the request.' };
}

/** Codes up to 29999 and the 35xxx, 92xxx speak of requests; the others of a delivery, where nothing sure is known. */
function reactionToCode(code: number | undefined): Reaction {
  const isOfRequest = code !== undefined && (code < 30_000 || [35, 92].includes(Math.trunc(code / 1000)));
  if (isOfRequest) return { retryable: false, action: 'fix-request', help: 'Correct the request.' };
  return { retryable: false, action: 'none', help: 'Look the message up in the Twilio Console.' };
}
