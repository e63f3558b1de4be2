import { invalid } from './twilio-error';

const DAY_MS = 24 * 3_600_000;

/**
 * Which times a list is asked for by `name`, `name<` and `name>`: `DateSent<=2026-01-31` arrives as the parameter
 * `DateSent<`. A date means its midnight, GMT; alone it means the whole day.
 *
 * @throws TwilioError (20422) for what is no time.
 */
export function timeFilter(query: URLSearchParams, name: string): (time: number | null) => boolean {
  const on = readTime(query, name);
  const until = readTime(query, `${name}<`);
  const since = readTime(query, `${name}>`);
  return (time) =>
    (on === undefined || isWithin(time, on.time, on.time + (on.wholeDay ? DAY_MS - 1 : 999))) &&
    (until === undefined || isWithin(time, 0, until.time)) &&
    (since === undefined || isWithin(time, since.time, Number.POSITIVE_INFINITY));
}

function isWithin(time: number | null, earliest: number, latest: number): boolean {
  return time !== null && time >= earliest && time <= latest;
}

function readTime(query: URLSearchParams, name: string): { time: number; wholeDay: boolean } | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  const wholeDay = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const time = wholeDay || /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw invalid(20422, `Invalid Parameter: ${name}`);
  return { time, wholeDay };
}
