import type { DatabaseTransaction } from '../storage/database';

/** The window that the budget counts in. */
const WINDOW_MS = 60_000;
/** A request whose answer is not here yet reaches Twilio at the latest so long after it was claimed, or made. */
const ARRIVES_WITHIN_MS = 1000;
/** Replicas agree about the time but for this; a slot is free again so long after its minute. */
const CLOCK_MARGIN_MS = 100;
/** Requests that arrived within this time of each other are noted together, as if they all were the last of them. */
const TOGETHER_MS = 50;
/** Of so many requests what is known is written down, also when nobody needs it yet. */
const MANY = 32;

export type Purpose = 'conversation' | 'bulk' | 'lookup';

/** A request of an account, noted for the budget before it is made. */
export interface SendSlot {
  readonly seq: number;
  readonly accountSid: string;
  readonly purpose: Purpose;
  /** When its request is taken to have reached Twilio at the latest, until more is known. */
  readonly notedAt: number;
}

/** Requests noted with a time after this are in the window still, `sooner` milliseconds from now. */
export function windowBegin(now: number, sooner = 0): number {
  return now - WINDOW_MS - CLOCK_MARGIN_MS + sooner;
}

/** When a request that is noted with this time has left the window. */
export function freeAgainAt(at: number): number {
  return at + WINDOW_MS + CLOCK_MARGIN_MS;
}

/** When a request that is made now, and not answered, has reached Twilio at the latest. */
export function latestArrival(now: number): number {
  return now + ARRIVES_WITHIN_MS;
}

/** Notes requests that are about to be made: a slot for each of the purposes, in their order. */
export async function spend(
  trx: DatabaseTransaction,
  accountSid: string,
  purposes: readonly Purpose[],
  now: number,
): Promise<SendSlot[]> {
  if (purposes.length === 0) return [];
  const notedAt = latestArrival(now);
  const rows = await trx
    .insertInto('send_slots')
    .values(purposes.map((priority) => ({ account_sid: accountSid, priority, at: notedAt, sends: 1 })))
    .returning(['seq', 'priority'])
    .execute();
  // A database may return them in another order.
  return purposes.map((purpose) => {
    const [row] = rows.splice(
      rows.findIndex(({ priority }) => priority === purpose),
      1,
    );
    return { seq: row!.seq, accountSid, purpose, notedAt };
  });
}

/** Forgets what has left every window. To be called now and then. */
export async function forgetSpent(trx: DatabaseTransaction, now: number): Promise<void> {
  await trx.deleteFrom('send_slots').where('at', '<=', windowBegin(now)).execute();
}

/** What a slot turned out to be: when its request had arrived at the latest; there is no time, if it was never made. */
type Arrival = SendSlot & { readonly at: number | undefined };

/**
 * What this process has learnt of its requests. A slot is noted with the latest time at which its request can reach
 * Twilio; an answer tells that it had arrived by then. As a rule that is sooner, and not written down for each: nobody
 * needs it before the minute is nearly over.
 */
export class Arrivals {
  readonly #news = new Map<number, Arrival>();

  /** Whether it has to be written down now: a slot would be free too soon, or enough has come together. */
  get areDue(): boolean {
    return (
      this.#news.size >= MANY || [...this.#news.values()].some(({ at, notedAt }) => at !== undefined && at > notedAt)
    );
  }

  /** Whether something that is known of the account frees a slot sooner than one noted with this time would be. */
  haveSooner(accountSid: string, at: number): boolean {
    return [...this.#news.values()].some((arrival) => arrival.accountSid === accountSid && (arrival.at ?? 0) < at);
  }

  arrived(slot: SendSlot, at: number): void {
    this.#news.set(slot.seq, { ...slot, at });
  }

  neverMade(slot: SendSlot): void {
    this.#news.set(slot.seq, { ...slot, at: undefined });
  }

  /** Writes down what is known, under the budgets' lock; what this returns is to be called after the commit. */
  async write(trx: DatabaseTransaction): Promise<() => void> {
    const known = [...this.#news.values()];
    if (known.length === 0) return () => {};
    const noted = await trx
      .deleteFrom('send_slots')
      .where(
        'seq',
        'in',
        known.map(({ seq }) => seq),
      )
      .returning('seq')
      .execute();
    // One that is not there was written down before, in a transaction whose answer was lost, or is long over.
    const found = new Set(noted.map(({ seq }) => seq));
    const rows = together(known.filter(({ seq }) => found.has(seq)));
    if (rows.length > 0) await trx.insertInto('send_slots').values(rows).execute();
    return () => {
      for (const arrival of known) {
        if (this.#news.get(arrival.seq) === arrival) this.#news.delete(arrival.seq);
      }
    };
  }
}

function together(arrivals: readonly Arrival[]) {
  const groups = new Map<string, { account_sid: string; priority: Purpose; at: number; sends: number }>();
  for (const { accountSid, purpose, at } of arrivals) {
    if (at === undefined) continue;
    const key = `${accountSid} ${purpose} ${Math.floor(at / TOGETHER_MS)}`;
    const group = groups.get(key) ?? { account_sid: accountSid, priority: purpose, at, sends: 0 };
    groups.set(key, { ...group, at: Math.max(group.at, at), sends: group.sends + 1 });
  }
  return [...groups.values()];
}
