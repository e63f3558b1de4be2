import { Signal } from '../common/signal';

/** Who may have something to do after a commit. */
export interface Signals {
  readonly inbox: Signal;
  readonly outbox: Signal;
  readonly statuses: Signal;
  /** Events to deliver. */
  readonly events: Signal;
  readonly rotations: Signal;
  /** A connection changed: what is remembered of them no longer counts. */
  readonly connections: Signal;
}

export const signalNames = [
  'inbox',
  'outbox',
  'statuses',
  'events',
  'rotations',
  'connections',
] as const satisfies readonly (keyof Signals)[];

export function createSignals(): Signals {
  return {
    inbox: new Signal(),
    outbox: new Signal(),
    statuses: new Signal(),
    events: new Signal(),
    rotations: new Signal(),
    connections: new Signal(),
  };
}
