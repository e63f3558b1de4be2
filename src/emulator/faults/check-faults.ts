import type { FaultRates, Faults } from './faults';

const NAMED: Readonly<Record<Exclude<keyof FaultRates, number>, true>> = {
  timeout: true,
  timeoutAfterAccept: true,
  reset: true,
  resetAfterAccept: true,
  errorAfterAccept: true,
  slow: true,
  mediaMissing: true,
  failed: true,
  undelivered: true,
  callbackLost: true,
  callbackRepeated: true,
  callbackShuffled: true,
  callbackDelayed: true,
  inboundRepeated: true,
};
const CALLBACKS: ReadonlySet<unknown> = new Set([undefined, 'duplicate', 'shuffle', 'delay', 'lose']);

/** @throws RangeError that names what is not a fault. */
export function checkFaults(faults: Faults): void {
  if (!CALLBACKS.has(faults.callbacks)) throw new RangeError(`callbacks is one of duplicate, shuffle, delay, lose`);
  for (const [name, rate] of Object.entries(faults.rates ?? {}) as [string, unknown][]) {
    if (!/^[45]\d\d$/.test(name) && !Object.hasOwn(NAMED, name)) {
      throw new RangeError(
        `There is no rate ${JSON.stringify(name)}. There are HTTP statuses and ${Object.keys(NAMED).join(', ')}.`,
      );
    }
    if (typeof rate !== 'number' || !(rate >= 0 && rate <= 1)) throw new RangeError(`rates.${name} is not from 0 to 1`);
  }
  for (const fault of list(faults.rest)) {
    const { status, connection, delayMs } = Object(fault) as Record<string, unknown>;
    if (status === undefined && connection === undefined && delayMs === undefined) {
      throw new RangeError('A REST fault has a status, a connection or a delayMs');
    }
    if (status !== undefined && !(typeof status === 'number' && status >= 400 && status <= 599)) {
      throw new RangeError('The status of a REST fault is from 400 to 599');
    }
    if (connection !== undefined && connection !== 'reset' && connection !== 'hang') {
      throw new RangeError('The connection of a REST fault is reset or hang');
    }
  }
  for (const fault of list(faults.delivery)) {
    const { errorCode } = Object(fault) as Record<string, unknown>;
    if (!Number.isInteger(errorCode)) throw new RangeError('A delivery fault has an errorCode, such as 63024');
  }
}

function list(given: unknown): unknown[] {
  return given === undefined ? [] : Array.isArray(given) ? given : [given];
}
