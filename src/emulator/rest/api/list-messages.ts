import type { Message } from '../../message';
import type { OrderedLog } from '../../ordered-log';
import { type Page, page2010, readPageNumber, readPageSize } from '../paging';
import type { Context } from '../route';
import { timeFilter } from '../time-filter';
import { invalid } from '../twilio-error';
import { messageResource } from './resources';

/**
 * One page of messages, newest first. Pages are followed by their `PageToken`, never computed.
 *
 * @see https://www.twilio.com/docs/messaging/api/message-resource#read-multiple-message-resources
 */
export function listMessages({ core, account, call }: Context): Record<string, unknown> {
  const { query, path } = call;
  const to = query.get('To') ?? undefined;
  const from = query.get('From') ?? undefined;
  const candidates = core.messages.candidates({ accountSid: account.sid, to, from });
  const wanted = filterOf(query);
  const page = pageAt(candidates, wanted, query, (sid) => core.messages.get(sid)?.ordinal);
  return page2010(path, query, 'messages', { ...page, items: page.items.map(messageResource) });
}

type Filter = (message: Message) => boolean;

/** Looks at no more messages than it takes to fill the page. */
function pageAt(
  log: OrderedLog,
  wanted: Filter,
  query: URLSearchParams,
  ordinalOf: (sid: string) => number | undefined,
): Page<Message> {
  const [size, number] = [readPageSize(query), readPageNumber(query)];
  const token = query.get('PageToken');
  if (token === null && number > 0)
    throw invalid(20422, 'Invalid Parameter: Page without PageToken; follow next_page_uri');
  const ordinal = token === null ? Number.POSITIVE_INFINITY : ordinalOf(token.slice(2));
  if (ordinal === undefined || (token !== null && !/^P[AB]/.test(token))) {
    throw invalid(20422, 'Invalid Parameter: PageToken');
  }
  const isBack = token?.startsWith('PB') === true;
  const found = isBack ? newer(log, ordinal, wanted, size) : older(log, ordinal, wanted, size + 1);
  const items = found.slice(0, size);
  const [first, last] = [items[0], items.at(-1)];
  const hasNext = isBack || found.length > size;
  return {
    items,
    size,
    number,
    ...(hasNext && last !== undefined ? { next: `PA${last.sid}` } : {}),
    ...(number > 0 && first !== undefined ? { previous: `PB${first.sid}` } : {}),
  };
}

/** Newest first, all older than this. */
function older(log: OrderedLog, ordinal: number, wanted: Filter, most: number): Message[] {
  const messages = log.messages();
  const found: Message[] = [];
  for (let index = log.indexFrom(ordinal) - 1; index >= 0 && found.length < most; index -= 1) {
    const message = messages[index];
    if (message && wanted(message)) found.push(message);
  }
  return found;
}

/** Newest first, the next ones that are newer than this. */
function newer(log: OrderedLog, ordinal: number, wanted: Filter, most: number): Message[] {
  const messages = log.messages();
  const found: Message[] = [];
  for (let index = log.indexFrom(ordinal + 1); index < messages.length && found.length < most; index += 1) {
    const message = messages[index];
    if (message && wanted(message)) found.push(message);
  }
  return found.toReversed();
}

function filterOf(query: URLSearchParams): Filter {
  const to = query.get('To');
  const from = query.get('From');
  const isInTime = timeFilter(query, 'DateSent');
  return (message) =>
    (to === null || message.to === to) && (from === null || message.from === from) && isInTime(message.sentAt);
}
