import { Injectable } from '@nestjs/common';

/** Twilio limits requests in flight, not only their rate; https://www.twilio.com/docs/api/errors/20429. */
const MOST_IN_FLIGHT = 10;
/** With those that are late; so an account whose requests hang leaves room to others. */
const MOST_OPEN = 32;
/** So many refusals in a row, and the account rests for as long as Twilio asked. */
const REFUSALS_BEFORE_REST = 3;
/** An answer that takes so many times as long as answers do is late: the request is probably lost. */
const LATE_AFTER_TIMES = 8;
const LATE_AFTER_MS = { least: 250, most: 2000 } as const;
/** How much one answer says of how long answers take. */
const WEIGHT = 1 / 8;

interface Pace {
  limit: number;
  refusals: number;
  pausedUntil: number;
  /** The last request that had begun when the limit was lowered. */
  loweredAt: number;
}

interface Open {
  inFlight: number;
  late: number;
}

/** A request's place among those that an account may have under way. */
export class Place {
  #isLate = false;
  #isOver = false;

  constructor(
    readonly accountSid: string,
    /** Counts the requests of the process. */
    readonly number: number,
    private readonly open: Open,
    private readonly onOver: () => void,
  ) {
    open.inFlight++;
  }

  /** The request is still under way, and others need not wait for it any longer. */
  yield(): void {
    if (this.#isLate || this.#isOver) return;
    this.#isLate = true;
    this.open.inFlight--;
    this.open.late++;
  }

  /** The request is over. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#isLate) this.open.late--;
    else this.open.inFlight--;
    this.onOver();
  }
}

/**
 * How many requests of an account this process may have under way: half as many after each "too many requests", one
 * more again after as many successes as there are places.
 */
@Injectable()
export class Pacing {
  readonly #paces = new Map<string, Pace>();
  readonly #open = new Map<string, Open>();
  #requests = 0;
  #answerMs: number | undefined;

  /** How many more requests of the account may begin. */
  places(accountSid: string, now: number): number {
    const pace = this.#paces.get(accountSid);
    if (pace !== undefined && pace.pausedUntil > now) return 0;
    const limit = pace === undefined ? MOST_IN_FLIGHT : Math.floor(pace.limit);
    const { inFlight, late } = this.#open.get(accountSid) ?? { inFlight: 0, late: 0 };
    return Math.max(0, Math.min(limit - inFlight, MOST_OPEN - inFlight - late));
  }

  /** A request takes one of the places, until it ends. */
  take(accountSid: string): Place {
    const open = this.#open.get(accountSid) ?? { inFlight: 0, late: 0 };
    this.#open.set(accountSid, open);
    return new Place(accountSid, ++this.#requests, open, () => {
      if (open.inFlight + open.late === 0) this.#open.delete(accountSid);
    });
  }

  /** After how many milliseconds an answer is late. */
  get lateAfterMs(): number {
    const { least, most } = LATE_AFTER_MS;
    if (this.#answerMs === undefined) return most;
    return Math.min(Math.max(this.#answerMs * LATE_AFTER_TIMES, least), most);
  }

  /** Twilio took so long to answer a request, whatever it said. */
  answered(tookMs: number): void {
    const usual = this.#answerMs ?? tookMs;
    this.#answerMs = usual + (tookMs - usual) * WEIGHT;
  }

  /** When the account may send again, if it rests. */
  pausedUntil(accountSid: string, now: number): number | undefined {
    const until = this.#paces.get(accountSid)?.pausedUntil ?? 0;
    return until > now ? until : undefined;
  }

  succeeded({ accountSid }: Place): void {
    const pace = this.#paces.get(accountSid);
    if (pace === undefined) return;
    pace.refusals = 0;
    pace.limit += 1 / pace.limit;
    if (pace.limit >= MOST_IN_FLIGHT) this.#paces.delete(accountSid);
  }

  /** Twilio said that it is too much; `restUntil` is when it may be asked again. */
  refused({ accountSid, number }: Place, restUntil: number): void {
    const pace = this.#paces.get(accountSid) ?? { limit: MOST_IN_FLIGHT, refusals: 0, pausedUntil: 0, loweredAt: 0 };
    // Requests that were under way together say the same, and it is heeded once.
    if (number > pace.loweredAt) {
      pace.limit = Math.max(1, pace.limit / 2);
      pace.loweredAt = this.#requests;
    }
    pace.refusals++;
    if (pace.refusals >= REFUSALS_BEFORE_REST) pace.pausedUntil = Math.max(pace.pausedUntil, restUntil);
    this.#paces.set(accountSid, pace);
  }
}
