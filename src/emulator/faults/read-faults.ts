import type { CallbackFault, DeliveryFault, FaultRates, Faults, RestFault } from './faults';

const CALLBACK_FAULTS: readonly CallbackFault[] = ['duplicate', 'shuffle', 'delay', 'lose'];
const CALLS = ['creates', 'all'] as const;
const RATES: Readonly<Record<Exclude<keyof FaultRates, number>, true>> = {
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

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads what shall go wrong, from a test, a scenario or the control: `{ rest?, delivery?, callbacks?, rates? … }`, where
 * an empty object makes all well again.
 *
 * @throws RangeError that names what is no fault.
 */
export function readFaults(given: unknown): Faults {
  const fields = record('faults', given);
  only(fields, 'faults', [
    'rest',
    'delivery',
    'callbacks',
    'rates',
    'calls',
    'retryAfter',
    'slowMs',
    'callbackDelayMs',
  ]);
  return defined({
    rest: oneOrMore(fields.rest, restFault),
    delivery: oneOrMore(fields.delivery, deliveryFault),
    callbacks: choice(fields, 'callbacks', CALLBACK_FAULTS),
    rates: fields.rates === undefined ? undefined : readRates(record('rates', fields.rates)),
    calls: choice(fields, 'calls', CALLS),
    retryAfter: whole(fields, 'retryAfter', 0, 86_400),
    slowMs: whole(fields, 'slowMs', 0, 600_000),
    callbackDelayMs: whole(fields, 'callbackDelayMs', 0, 86_400_000),
  });
}

function readRates(fields: Fields): FaultRates {
  for (const [name, rate] of Object.entries(fields)) {
    if (!/^[45]\d\d$/.test(name) && !Object.hasOwn(RATES, name)) {
      throw new RangeError(`There is no rate ${name}. There are HTTP statuses, and ${Object.keys(RATES).join(', ')}.`);
    }
    if (typeof rate !== 'number' || !(rate >= 0 && rate <= 1)) throw new RangeError(`rates.${name} is not from 0 to 1`);
  }
  return fields as FaultRates;
}

function restFault(value: unknown): RestFault {
  const fields = record('rest', value);
  only(fields, 'rest', [
    'status',
    'connection',
    'delayMs',
    'code',
    'retryAfter',
    'html',
    'afterAccept',
    'calls',
    'times',
  ]);
  const common = defined({
    calls: choice(fields, 'calls', CALLS),
    times: whole(fields, 'times', 1, 1_000_000),
    afterAccept: flag(fields, 'afterAccept'),
  });
  const delayMs = whole(fields, 'delayMs', 0, 600_000);
  const connection = choice(fields, 'connection', ['reset', 'hang'] as const);
  if (connection !== undefined) return { connection, ...common, ...defined({ delayMs }) };
  const status = whole(fields, 'status', 400, 599);
  if (status === undefined) {
    if (delayMs === undefined) throw new RangeError('rest has neither a status, nor a connection, nor a delayMs');
    return { delayMs, ...common };
  }
  const [code, retryAfter] = [whole(fields, 'code', 1, 999_999), whole(fields, 'retryAfter', 0, 86_400)];
  return { status, ...defined({ code, retryAfter, html: flag(fields, 'html'), delayMs }), ...common };
}

function deliveryFault(value: unknown): DeliveryFault {
  const fields = record('delivery', value);
  only(fields, 'delivery', ['errorCode', 'status', 'times']);
  const errorCode = whole(fields, 'errorCode', 1, 999_999);
  if (errorCode === undefined) throw new RangeError('delivery.errorCode is missing');
  const status = choice(fields, 'status', ['failed', 'undelivered'] as const);
  return { errorCode, ...defined({ status, times: whole(fields, 'times', 1, 1_000_000) }) };
}

function oneOrMore<T>(value: unknown, read: (entry: unknown) => T): T | T[] | undefined {
  if (value === undefined || value === null) return undefined;
  return Array.isArray(value) ? value.map(read) : read(value);
}

function record(name: string, value: unknown): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw new RangeError(`${name} is not an object`);
}

function only(fields: Fields, where: string, names: readonly string[]): void {
  const unknown = Object.keys(fields).find((name) => !names.includes(name));
  if (unknown !== undefined) throw new RangeError(`${where} has no ${unknown}. It has ${names.join(', ')}.`);
}

function choice<T extends string>(fields: Fields, name: string, choices: readonly T[]): T | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  const chosen = choices.find((one) => one === value);
  if (chosen === undefined) throw new RangeError(`${name} is none of ${choices.join(', ')}`);
  return chosen;
}

function whole(fields: Fields, name: string, least: number, most: number): number | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  if (!Number.isInteger(value) || Number(value) < least || Number(value) > most) {
    throw new RangeError(`${name} is not a whole number from ${least} to ${most}`);
  }
  return Number(value);
}

function flag(fields: Fields, name: string): boolean | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'boolean') throw new RangeError(`${name} is neither true nor false`);
  return value;
}

/** What was given, and no `undefined`: an option that is not there is not an option that is empty. */
function defined<T extends object>(fields: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Name in keyof T]?: Exclude<T[Name], undefined> };
}
