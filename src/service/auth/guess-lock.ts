import type { Clock } from '../../common/clock';

/** So many wrong secrets from one address, */
const WRONG_BEFORE_LOCK = 10;
/** within this time, */
const WINDOW_MS = 60_000;
/** and it is not listened to for this long. */
const LOCK_MS = 60_000;
/** The addresses that are remembered; the ones that were heard of longest ago are forgotten first. */
const MOST_ADDRESSES = 10_000;

interface Record {
  wrong: number;
  since: number;
  lockedUntil: number;
}

/** Slows down those who guess secrets, by address. */
export class GuessLock {
  readonly #records = new Map<string, Record>();

  constructor(private readonly clock: Clock) {}

  /** Milliseconds for which this address is not listened to; 0 if it is. */
  lockedFor(address: string): number {
    return Math.max(0, (this.#records.get(address)?.lockedUntil ?? 0) - this.clock.now());
  }

  wrong(address: string): void {
    const now = this.clock.now();
    const before = this.#records.get(address);
    const isFresh = before === undefined || now - before.since > WINDOW_MS;
    const record = isFresh ? { wrong: 0, since: now, lockedUntil: 0 } : before;
    record.wrong++;
    if (record.wrong >= WRONG_BEFORE_LOCK) Object.assign(record, { wrong: 0, since: now, lockedUntil: now + LOCK_MS });
    this.#records.delete(address);
    this.#records.set(address, record);
    if (this.#records.size > MOST_ADDRESSES) this.#records.delete(this.#records.keys().next().value!);
  }
}
