import { invalid } from './twilio-error';

const DEFAULT_PAGE_SIZE = 50;
const LARGEST_PAGE_SIZE = 1000;

/** One page, and whether there are others beside it. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly size: number;
  readonly number: number;
  /** The token of the page after this one; missing when it is the last. */
  readonly next?: string;
  readonly previous?: string;
}

export function readPageSize(query: URLSearchParams): number {
  const text = query.get('PageSize') ?? '';
  const size = /^\d{1,6}$/.test(text) ? Number(text) : DEFAULT_PAGE_SIZE;
  return Math.min(Math.max(1, size), LARGEST_PAGE_SIZE);
}

export function readPageNumber(query: URLSearchParams): number {
  const text = query.get('Page') ?? '';
  return /^\d{1,6}$/.test(text) ? Number(text) : 0;
}

/** A page of a short list, whose items are known by their SID: pages are followed by token, never computed. */
export function pageOf<T extends { readonly sid: string }>(list: readonly T[], query: URLSearchParams): Page<T> {
  const [size, number] = [readPageSize(query), readPageNumber(query)];
  const token = query.get('PageToken');
  const begin = token === null ? 0 : beginOf(list, token, size);
  if (token === null && number > 0) throw invalid(20422, 'Invalid Parameter: Page without PageToken; follow the links');
  const items = list.slice(begin, begin + size);
  const [first, last] = [items[0], items.at(-1)];
  return {
    items,
    size,
    number,
    ...(last !== undefined && begin + size < list.length ? { next: `PA${last.sid}` } : {}),
    ...(first !== undefined && begin > 0 ? { previous: `PB${first.sid}` } : {}),
  };
}

function beginOf(list: readonly { readonly sid: string }[], token: string, size: number): number {
  const index = list.findIndex(({ sid }) => sid === token.slice(2));
  if (index < 0 || !/^P[AB]/.test(token)) throw invalid(20422, 'Invalid Parameter: PageToken');
  return token.startsWith('PA') ? index + 1 : Math.max(0, index - size);
}

/** The envelope of the 2010-04-01 API around one page. */
export function page2010(
  path: string,
  query: URLSearchParams,
  key: string,
  page: Page<unknown>,
): Record<string, unknown> {
  const uri = (number: number, token?: string): string => `${path}?${queryOf(query, page.size, number, token)}`;
  const { items, size, number } = page;
  return {
    end: number * size + Math.max(0, items.length - 1),
    first_page_uri: uri(0),
    [key]: items,
    next_page_uri: page.next === undefined ? null : uri(number + 1, page.next),
    page: number,
    page_size: size,
    previous_page_uri: page.previous === undefined ? null : uri(Math.max(0, number - 1), page.previous),
    start: number * size,
    uri: uri(number, query.get('PageToken') ?? undefined),
  };
}

/** The envelope of the newer APIs around one page: absolute addresses under `meta`. */
export function pageWithMeta(
  url: string,
  query: URLSearchParams,
  key: string,
  page: Page<unknown>,
): Record<string, unknown> {
  const uri = (number: number, token?: string): string => `${url}?${queryOf(query, page.size, number, token)}`;
  const { items, size, number } = page;
  return {
    meta: {
      page: number,
      page_size: size,
      first_page_url: uri(0),
      previous_page_url: page.previous === undefined ? null : uri(Math.max(0, number - 1), page.previous),
      url: uri(number, query.get('PageToken') ?? undefined),
      next_page_url: page.next === undefined ? null : uri(number + 1, page.next),
      key,
    },
    [key]: items,
  };
}

function queryOf(query: URLSearchParams, size: number, number: number, token: string | undefined): string {
  const parameters = new URLSearchParams(query);
  parameters.set('PageSize', String(size));
  parameters.set('Page', String(number));
  if (token === undefined) parameters.delete('PageToken');
  else parameters.set('PageToken', token);
  return parameters.toString();
}
