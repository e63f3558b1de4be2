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
) & {
  /** Carries the request out before it fails, so that the caller cannot know. */
  readonly afterAccept?: boolean;
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

/** What happens to status callbacks: each comes twice, two of a message change places, or none comes at all. */
export type CallbackFault = 'duplicate' | 'shuffle' | 'lose';

export interface Faults {
  readonly rest?: RestFault;
  readonly delivery?: DeliveryFault;
  /** Holds until it is changed. */
  readonly callbacks?: CallbackFault;
}

/** The faults in force, counted down as they strike. */
export class FaultPlan {
  callbacks: CallbackFault | undefined;
  #rest: { fault: RestFault; left: number } | undefined;
  #delivery: { fault: DeliveryFault; left: number } | undefined;

  /** @param changed is told whenever faults are set and whenever one has struck. */
  constructor(private readonly changed: (faults: Faults) => void = () => undefined) {}

  /** What still goes wrong, with the times that are left. */
  get current(): Faults {
    const rest = this.#rest?.left ? { ...this.#rest.fault, times: this.#rest.left } : undefined;
    const delivery = this.#delivery?.left ? { ...this.#delivery.fault, times: this.#delivery.left } : undefined;
    return {
      ...(rest === undefined ? {} : { rest }),
      ...(delivery === undefined ? {} : { delivery }),
      ...(this.callbacks === undefined ? {} : { callbacks: this.callbacks }),
    };
  }

  /** Replaces every fault in force. */
  set(faults: Faults): void {
    this.callbacks = faults.callbacks;
    this.#rest = faults.rest && { fault: faults.rest, left: faults.rest.times ?? 1 };
    this.#delivery = faults.delivery && { fault: faults.delivery, left: faults.delivery.times ?? 1 };
    this.changed(this.current);
  }

  nextRest(createsMessage: boolean): RestFault | undefined {
    const plan = this.#rest;
    if (!plan || plan.left <= 0 || (!createsMessage && plan.fault.calls !== 'all')) return undefined;
    plan.left -= 1;
    this.changed(this.current);
    return plan.fault;
  }

  /** Taken when a message is about to leave, and again, for `undelivered`, when it is about to arrive. */
  nextDelivery(status: 'failed' | 'undelivered'): number | undefined {
    const plan = this.#delivery;
    if (!plan || plan.left <= 0 || (plan.fault.status ?? 'failed') !== status) return undefined;
    plan.left -= 1;
    this.changed(this.current);
    return plan.fault.errorCode;
  }
}
