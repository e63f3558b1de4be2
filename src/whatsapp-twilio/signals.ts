import { Signal } from '../common/signal';

/** Who may have something to do after a commit. */
export interface Signals {
  readonly inbox: Signal;
  readonly outbox: Signal;
  readonly statuses: Signal;
  /** Events to deliver. */
  readonly events: Signal;
}

export const signalNames = ['inbox', 'outbox', 'statuses', 'events'] as const satisfies readonly (keyof Signals)[];

export function createSignals(): Signals {
  return { inbox: new Signal(), outbox: new Signal(), statuses: new Signal(), events: new Signal() };
}
