import { Injectable } from '@nestjs/common';

/** Twilio limits requests in flight, not only their rate; https://www.twilio.com/docs/api/errors/20429. */
const MOST_IN_FLIGHT = 10;
/** So many refusals in a row, and the account rests for as long as Twilio asked. */
const REFUSALS_BEFORE_REST = 3;

interface Pace {
  limit: number;
  refusals: number;
  pausedUntil: number;
}

/**
 * How many requests of an account this process may have under way: half as many after each "too many requests", one
 * more again after as many successes as there are places.
 */
@Injectable()
export class Pacing {
  readonly #paces = new Map<string, Pace>();
  readonly #inFlight = new Map<string, number>();

  /** How many more requests of the account may begin. */
  places(accountSid: string, now: number): number {
    const pace = this.#paces.get(accountSid);
    if (pace !== undefined && pace.pausedUntil > now) return 0;
    const limit = pace === undefined ? MOST_IN_FLIGHT : Math.floor(pace.limit);
    return limit - (this.#inFlight.get(accountSid) ?? 0);
  }

  /** A request takes one of the places, until `ended()`. */
  began(accountSid: string): void {
    this.#inFlight.set(accountSid, (this.#inFlight.get(accountSid) ?? 0) + 1);
  }

  ended(accountSid: string): void {
    const left = (this.#inFlight.get(accountSid) ?? 0) - 1;
    if (left > 0) this.#inFlight.set(accountSid, left);
    else this.#inFlight.delete(accountSid);
  }

  /** When the account may send again, if it rests. */
  pausedUntil(accountSid: string, now: number): number | undefined {
    const until = this.#paces.get(accountSid)?.pausedUntil ?? 0;
    return until > now ? until : undefined;
  }

  succeeded(accountSid: string): void {
    const pace = this.#paces.get(accountSid);
    if (pace === undefined) return;
    pace.refusals = 0;
    pace.limit += 1 / pace.limit;
    if (pace.limit >= MOST_IN_FLIGHT) this.#paces.delete(accountSid);
  }

  /** Twilio said that it is too much; `restUntil` is when it may be asked again. */
  refused(accountSid: string, restUntil: number): void {
    const pace = this.#paces.get(accountSid) ?? { limit: MOST_IN_FLIGHT, refusals: 0, pausedUntil: 0 };
    pace.limit = Math.max(1, pace.limit / 2);
    pace.refusals++;
    if (pace.refusals >= REFUSALS_BEFORE_REST) pace.pausedUntil = Math.max(pace.pausedUntil, restUntil);
    this.#paces.set(accountSid, pace);
  }
}
