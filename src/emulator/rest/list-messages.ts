import type { Core } from '../core';
import type { Message } from '../message';
import { API_VERSION, messageResource } from './resources';
import { invalid } from './twilio-error';

const DAY_MS = 24 * 3_600_000;
const DEFAULT_PAGE_SIZE = 50;
const LARGEST_PAGE_SIZE = 1000;

/**
 * One page of messages, newest first. Pages are followed by their `PageToken`, never computed.
 *
 * @see https://www.twilio.com/docs/messaging/api/message-resource#read-multiple-message-resources
 */
export function listMessages(core: Core, query: URLSearchParams): Record<string, unknown> {
  const matching = core.messages.all().filter(filterOf(query)).toReversed();
  const size = readSize(query.get('PageSize'));
  const page = /^\d{1,6}$/.test(query.get('Page') ?? '') ? Number(query.get('Page')) : 0;
  const begin = beginOf(matching, query.get('PageToken'), page, size);
  const messages = matching.slice(begin, begin + size);
  const path = `/${API_VERSION}/Accounts/${core.account.sid}/Messages.json`;
  const uri = (number: number, token?: string): string => {
    const parameters = new URLSearchParams(query);
    parameters.set('PageSize', String(size));
    parameters.set('Page', String(number));
    if (token === undefined) parameters.delete('PageToken');
    else parameters.set('PageToken', token);
    return `${path}?${parameters.toString()}`;
  };
  const [first, last] = [messages[0], messages.at(-1)];
  const hasNext = begin + size < matching.length && last !== undefined;
  return {
    end: page * size + Math.max(0, messages.length - 1),
    first_page_uri: uri(0),
    messages: messages.map((message) => messageResource(message, core.account.sid)),
    next_page_uri: hasNext ? uri(page + 1, `PA${last.sid}`) : null,
    page,
    page_size: size,
    previous_page_uri: page > 0 && first !== undefined ? uri(page - 1, `PB${first.sid}`) : null,
    start: page * size,
    uri: uri(page, query.get('PageToken') ?? undefined),
  };
}

function readSize(text: string | null): number {
  const size = /^\d{1,6}$/.test(text ?? '') ? Number(text) : DEFAULT_PAGE_SIZE;
  return Math.min(Math.max(1, size), LARGEST_PAGE_SIZE);
}

function beginOf(matching: readonly Message[], token: string | null, page: number, size: number): number {
  if (token === null) {
    if (page > 0) throw invalid(20422, 'Invalid Parameter: Page without PageToken; follow next_page_uri');
    return 0;
  }
  const index = matching.findIndex((message) => message.sid === token.slice(2));
  if (index < 0 || !/^P[AB]/.test(token)) throw invalid(20422, 'Invalid Parameter: PageToken');
  return token.startsWith('PA') ? index + 1 : Math.max(0, index - size);
}

/** `DateSent<=2026-01-31` arrives as the parameter `DateSent<`. A date means its midnight, GMT. */
function filterOf(query: URLSearchParams): (message: Message) => boolean {
  const to = query.get('To');
  const from = query.get('From');
  const on = readTime(query, 'DateSent');
  const until = readTime(query, 'DateSent<');
  const since = readTime(query, 'DateSent>');
  return (message) =>
    (to === null || message.to === to) &&
    (from === null || message.from === from) &&
    (on === undefined || isWithin(message.sentAt, on.time, on.time + (on.wholeDay ? DAY_MS - 1 : 999))) &&
    (until === undefined || isWithin(message.sentAt, 0, until.time)) &&
    (since === undefined || isWithin(message.sentAt, since.time, Number.POSITIVE_INFINITY));
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
