import type { SeededRandom } from '../random';
import type { CallbackFault, DeliveryFault, FaultRates, Faults, RestFault } from './faults';
import { readFaults } from './read-faults';

const SLOW_MS = 2000;
const CALLBACK_DELAY_MS = 5000;

/** The REST faults that have a rate of their own, beside the HTTP statuses. */
const REST_FAULTS = {
  timeout: { connection: 'hang' },
  timeoutAfterAccept: { connection: 'hang', afterAccept: true },
  reset: { connection: 'reset' },
  resetAfterAccept: { connection: 'reset', afterAccept: true },
  errorAfterAccept: { status: 500, afterAccept: true },
} as const satisfies Partial<Record<keyof FaultRates, RestFault>>;

const CALLBACK_FAULTS: readonly [keyof FaultRates, CallbackFault][] = [
  ['callbackLost', 'lose'],
  ['callbackRepeated', 'duplicate'],
  ['callbackShuffled', 'shuffle'],
  ['callbackDelayed', 'delay'],
];

interface Script<Fault> {
  readonly fault: Fault;
  left: number;
}

/** The faults in force, counted down as they strike. Each kind of misfortune has its own dice. */
export class FaultPlan {
  #faults: Faults = {};
  #rest: Script<RestFault>[] = [];
  #delivery: Script<DeliveryFault>[] = [];
  readonly #dice: Readonly<Record<'rest' | 'media' | 'delivery' | 'callback' | 'inbound', SeededRandom>>;

  /** @param changed is told whenever faults are set and whenever one of a number of them has struck. */
  constructor(
    random: SeededRandom,
    private readonly changed: (faults: Faults) => void = () => undefined,
  ) {
    this.#dice = {
      rest: random.fork(),
      media: random.fork(),
      delivery: random.fork(),
      callback: random.fork(),
      inbound: random.fork(),
    };
  }

  /** What still goes wrong, with the times that are left. */
  get current(): Faults {
    const { rest: _rest, delivery: _delivery, ...lasting } = this.#faults;
    const [rest, delivery] = [remaining(this.#rest), remaining(this.#delivery)];
    return { ...lasting, ...(rest === undefined ? {} : { rest }), ...(delivery === undefined ? {} : { delivery }) };
  }

  get callbackDelayMs(): number {
    return this.#faults.callbackDelayMs ?? CALLBACK_DELAY_MS;
  }

  /** Replaces every fault in force. @throws RangeError for what is no fault. */
  set(faults: Faults): void {
    this.#faults = readFaults(faults);
    this.#rest = scripts(this.#faults.rest);
    this.#delivery = scripts(this.#faults.delivery);
    this.changed(this.current);
  }

  nextRest(createsMessage: boolean): RestFault | undefined {
    const scripted = this.#rest.find(({ fault }) => createsMessage || fault.calls === 'all');
    if (scripted) return this.#strike(this.#rest, scripted);
    const { rates, calls, slowMs, retryAfter } = this.#faults;
    if (!rates || (!createsMessage && calls !== 'all')) return undefined;
    const statuses = Object.keys(rates).filter((name) => /^\d{3}$/.test(name));
    const hit = pick(rates, [...statuses, ...Object.keys(REST_FAULTS), 'slow'], this.#dice.rest.next());
    if (hit === undefined) return undefined;
    if (hit === 'slow') return { delayMs: slowMs ?? SLOW_MS };
    if (hit in REST_FAULTS) return REST_FAULTS[hit as keyof typeof REST_FAULTS];
    const hasRetryAfter = retryAfter !== undefined && (hit === '429' || hit === '503');
    return { status: Number(hit), ...(hasRetryAfter ? { retryAfter } : {}) };
  }

  /** Whether the next file is not there yet. */
  nextMediaIsMissing(): boolean {
    return pick(this.#faults.rates ?? {}, ['mediaMissing'], this.#dice.media.next()) !== undefined;
  }

  /** Taken when a message is about to leave, and again, for `undelivered`, when it is about to arrive. */
  nextDelivery(status: 'failed' | 'undelivered'): number | undefined {
    const scripted = this.#delivery[0];
    if (scripted && (scripted.fault.status ?? 'failed') === status) {
      return this.#strike(this.#delivery, scripted).errorCode;
    }
    const hit = pick(this.#faults.rates ?? {}, [status], this.#dice.delivery.next());
    return hit === undefined ? undefined : status === 'failed' ? 63012 : 63024;
  }

  nextCallback(): CallbackFault | undefined {
    const { callbacks, rates } = this.#faults;
    if (callbacks !== undefined) return callbacks;
    const names = CALLBACK_FAULTS.map(([name]) => String(name));
    const hit = pick(rates ?? {}, names, this.#dice.callback.next());
    return CALLBACK_FAULTS.find(([name]) => name === hit)?.[1];
  }

  #strike<Fault>(list: Script<Fault>[], script: Script<Fault>): Fault {
    script.left -= 1;
    if (script.left <= 0) list.splice(list.indexOf(script), 1);
    this.changed(this.current);
    return script.fault;
  }

  nextInboundIsRepeated(): boolean {
    return pick(this.#faults.rates ?? {}, ['inboundRepeated'], this.#dice.inbound.next()) !== undefined;
  }
}

function scripts<Fault extends { readonly times?: number }>(
  given: Fault | readonly Fault[] | undefined,
): Script<Fault>[] {
  const list = given === undefined ? [] : ([given].flat() as Fault[]);
  return list.map((fault) => ({ fault, left: fault.times ?? 1 })).filter(({ left }) => left > 0);
}

/** One fault as it was given, or the list of those that are left. */
function remaining<Fault>(list: readonly Script<Fault>[]): Fault | Fault[] | undefined {
  const faults = list.map(({ fault, left }) => ({ ...fault, times: left }));
  return faults.length > 1 ? faults : faults[0];
}

/** One throw of the dice over several misfortunes: at most one of them happens. */
function pick(rates: FaultRates, names: readonly string[], dice: number): string | undefined {
  let reach = 0;
  for (const name of names) {
    reach += (rates as Readonly<Record<string, number>>)[name] ?? 0;
    if (dice < reach) return name;
  }
  return undefined;
}
