import { type Clock, systemClock } from '../common/clock';
import { type IdFactory, newId } from '../common/ids';

/** What the module takes from outside itself, so that a test can give something else. */
export interface Runtime {
  readonly clock: Clock;
  /** A number from 0 up to but not including 1. */
  readonly random: () => number;
  readonly newId: IdFactory;
}

export const systemRuntime: Runtime = { clock: systemClock, random: Math.random, newId };
