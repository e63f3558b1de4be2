/** What goes wrong with the next REST calls. */
export type RestFault = (
  | {
      readonly status: number;
      readonly code?: number;
      /** Seconds for a `Retry-After` header. */
      readonly retryAfter?: number;
      /** Answers with a page of HTML, as a proxy before Twilio does. */
      readonly html?: boolean;
    }
  /** `reset` cuts the connection; `hang` never answers. */
  | { readonly connection: 'reset' | 'hang' }
  /** Answers rightly, but late. */
  | { readonly delayMs: number }
) & {
  /** Carries the request out before it fails, so that the caller cannot know. */
  readonly afterAccept?: boolean;
  /** Milliseconds before the answer. */
  readonly delayMs?: number;
  /** Which calls: those that create a message (default), or all. */
  readonly calls?: 'creates' | 'all';
  /** How many calls. Default 1. */
  readonly times?: number;
};

/** What goes wrong with the next messages on their way to the phone: Twilio took them, and reports this later. */
export interface DeliveryFault {
  /** @see https://www.twilio.com/docs/api/errors */
  readonly errorCode: number;
  /** `failed` never left Twilio; `undelivered` was `sent` before. Default `failed`. */
  readonly status?: 'failed' | 'undelivered';
  /** How many messages. Default 1. */
  readonly times?: number;
}

/** What happens to a status callback: it comes twice, changes places with the next, comes late, or never. */
export type CallbackFault = 'duplicate' | 'shuffle' | 'delay' | 'lose';

/**
 * How often something goes wrong, from 0 to 1, until it is changed. The same seed gives the same misfortunes to the same
 * calls.
 */
export interface FaultRates {
  /** REST calls that are refused with this HTTP status: `{ 429: 0.05, 503: 0.01 }`. */
  readonly [status: number]: number;
  /** REST calls that get no answer, and are not carried out. */
  readonly timeout?: number;
  /** REST calls that get no answer, though they were carried out. */
  readonly timeoutAfterAccept?: number;
  /** REST calls whose connection is cut, and that are not carried out. */
  readonly reset?: number;
  /** REST calls whose connection is cut, though they were carried out. */
  readonly resetAfterAccept?: number;
  /** REST calls that are answered with 500, though they were carried out. */
  readonly errorAfterAccept?: number;
  /** REST calls that are answered after `slowMs`. */
  readonly slow?: number;
  /** Media that are answered with 404, as those are that Twilio does not have yet. */
  readonly mediaMissing?: number;
  /** Messages that fail (63012) after Twilio took them. */
  readonly failed?: number;
  /** Messages that were sent and do not arrive (63024). */
  readonly undelivered?: number;
  readonly callbackLost?: number;
  readonly callbackRepeated?: number;
  /** Callbacks that change places with the next one of their message. */
  readonly callbackShuffled?: number;
  /** Callbacks that come after `callbackDelayMs`. */
  readonly callbackDelayed?: number;
  /** Inbound messages whose first answer is lost, so that they come once more, with the same idempotency token. */
  readonly inboundRepeated?: number;
}

export interface Faults {
  /** A list strikes one after the other. */
  readonly rest?: RestFault | readonly RestFault[];
  readonly delivery?: DeliveryFault | readonly DeliveryFault[];
  /** Holds for every callback until it is changed. */
  readonly callbacks?: CallbackFault;
  readonly rates?: FaultRates;
  /** Which REST calls the rates are for: those that create a message (default), or all. */
  readonly calls?: 'creates' | 'all';
  /** Seconds for the `Retry-After` header of the rates' 429 and 503. Default: none. */
  readonly retryAfter?: number;
  /** Default 2000. */
  readonly slowMs?: number;
  /** Default 5000. */
  readonly callbackDelayMs?: number;
}
