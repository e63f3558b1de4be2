import { inspect } from 'node:util';

/** The same object, which now prints and serialises as `shown`: a log of it gives no secret away. */
export function hideSecrets<T extends object>(value: T, shown: object): T {
  for (const key of [inspect.custom, 'toJSON']) Object.defineProperty(value, key, { value: () => shown });
  return value;
}
