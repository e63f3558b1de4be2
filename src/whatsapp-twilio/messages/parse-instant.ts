const ISO_8601 = /^(\d{4})-(\d{2})-(\d{2})T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;

/**
 * A point in time from a `Date` or from ISO 8601 with its offset; `undefined` for anything else. Text without an offset
 * would mean another time on another machine, and `Date` alone would read 30 February as 2 March.
 */
export function parseInstant(value: unknown): Date | undefined {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : new Date(value);
  const match = typeof value === 'string' ? ISO_8601.exec(value) : null;
  if (!match) return undefined;
  const [text, year, month, day] = match;
  const instant = new Date(text);
  const dayExists = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDate() === Number(day);
  return dayExists && !Number.isNaN(instant.getTime()) ? instant : undefined;
}
