import type { ContentTemplate } from '../../rules/content';
import { invalid } from '../twilio-error';
import { publicStatus } from './resources';

type Filter = (template: ContentTemplate) => boolean;

/**
 * The templates that fit all filters of version 2, in the order it asks for, by default the newest first. Twilio takes
 * `ContentName` and `Content` for patterns; here they are text that has to occur, in whatever case.
 *
 * @throws TwilioError 400 for a time or an order that is none.
 * @see https://www.twilio.com/docs/content/content-api-resources#search-templates
 */
export function searchContents(templates: readonly ContentTemplate[], query: URLSearchParams): ContentTemplate[] {
  const filters: readonly Filter[] = [
    has(query, 'ContentName', ({ friendlyName }) => friendlyName),
    has(query, 'Content', ({ types }) => JSON.stringify(types)),
    isOneOf(query, 'Language', ({ language }) => [language]),
    isOneOf(query, 'ContentType', ({ types }) => Object.keys(types)),
    isOneOf(query, 'ChannelEligibility', ({ approval }) => [`whatsapp:${publicStatus(approval)}`]),
    isWithin(
      readTime(query, 'DateCreatedAfter') ?? 0,
      readTime(query, 'DateCreatedBefore') ?? Number.POSITIVE_INFINITY,
    ),
  ];
  const found = templates.toReversed().filter((template) => filters.every((fits) => fits(template)));
  const [byDate, byName] = [readOrder(query, 'SortByDate'), readOrder(query, 'SortByContentName')];
  if (byDate !== undefined) found.sort((a, b) => byDate * (a.updatedAt - b.updatedAt));
  if (byName !== undefined) found.sort((a, b) => byName * a.friendlyName.localeCompare(b.friendlyName, 'en'));
  return found;
}

function has(query: URLSearchParams, name: string, textOf: (template: ContentTemplate) => string): Filter {
  const wanted = (query.get(name) ?? '').toLowerCase();
  return (template) => textOf(template).toLowerCase().includes(wanted);
}

function isOneOf(query: URLSearchParams, name: string, valuesOf: (template: ContentTemplate) => string[]): Filter {
  const wanted = query.getAll(name);
  return (template) => wanted.length === 0 || valuesOf(template).some((value) => wanted.includes(value));
}

function isWithin(earliest: number, latest: number): Filter {
  return ({ createdAt }) => createdAt >= earliest && createdAt <= latest;
}

function readTime(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw invalid(20422, `Invalid Parameter: ${name}`);
  return time;
}

/** 1 for `asc`, -1 for `desc`. */
function readOrder(query: URLSearchParams, name: string): 1 | -1 | undefined {
  const order = query.get(name)?.toLowerCase();
  if (order === undefined) return undefined;
  if (order !== 'asc' && order !== 'desc') throw invalid(20422, `Invalid Parameter: ${name}`);
  return order === 'asc' ? 1 : -1;
}
