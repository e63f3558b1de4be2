import type { CallbackFault, DeliveryFault, Faults, RestFault } from '../faults';
import { CommandError, type Fields, flag, optional } from './command';

const CALLBACK_FAULTS: readonly CallbackFault[] = ['duplicate', 'shuffle', 'lose'];

/**
 * What shall go wrong, as in `TwilioEmulator.faults()`: `{ rest?, delivery?, callbacks? }`, where an empty object makes
 * all well again.
 *
 * @throws CommandError for what is no fault.
 */
export function readFaults(fields: Fields): Faults {
  const callbacks = choice(fields, 'callbacks', CALLBACK_FAULTS);
  const rest = group(fields, 'rest');
  const delivery = group(fields, 'delivery');
  return {
    ...(rest === undefined ? {} : { rest: restFault(rest) }),
    ...(delivery === undefined ? {} : { delivery: deliveryFault(delivery) }),
    ...(callbacks === undefined ? {} : { callbacks }),
  };
}

function restFault(fields: Fields): RestFault {
  const calls = choice(fields, 'calls', ['creates', 'all'] as const);
  const times = whole(fields, 'times', 1, 1_000_000);
  const afterAccept = flag(fields, 'afterAccept');
  const scope = {
    ...(calls === undefined ? {} : { calls }),
    ...(times === undefined ? {} : { times }),
    ...(afterAccept === undefined ? {} : { afterAccept }),
  };
  const connection = choice(fields, 'connection', ['reset', 'hang'] as const);
  if (connection !== undefined) return { connection, ...scope };
  const status = whole(fields, 'status', 400, 599);
  if (status === undefined) throw new CommandError('rest has neither a status nor a connection');
  const code = whole(fields, 'code', 1, 999_999);
  const retryAfter = whole(fields, 'retryAfter', 0, 86_400);
  const html = flag(fields, 'html');
  return {
    status,
    ...(code === undefined ? {} : { code }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
    ...(html === undefined ? {} : { html }),
    ...scope,
  };
}

function deliveryFault(fields: Fields): DeliveryFault {
  const errorCode = whole(fields, 'errorCode', 1, 999_999);
  if (errorCode === undefined) throw new CommandError('delivery.errorCode is missing');
  const status = choice(fields, 'status', ['failed', 'undelivered'] as const);
  const times = whole(fields, 'times', 1, 1_000_000);
  return {
    errorCode,
    ...(status === undefined ? {} : { status }),
    ...(times === undefined ? {} : { times }),
  };
}

function choice<T extends string>(fields: Fields, name: string, choices: readonly T[]): T | undefined {
  const value = optional(fields, name);
  if (value === undefined) return undefined;
  const chosen = choices.find((one) => one === value);
  if (chosen === undefined) throw new CommandError(`${name} is none of ${choices.join(', ')}`);
  return chosen;
}

function group(fields: Fields, name: string): Fields | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'object' || Array.isArray(value)) throw new CommandError(`${name} is not an object`);
  return { ...value };
}

function whole(fields: Fields, name: string, least: number, most: number): number | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  if (!Number.isInteger(value) || Number(value) < least || Number(value) > most) {
    throw new CommandError(`${name} is not a whole number from ${least} to ${most}`);
  }
  return Number(value);
}
