import { CodedError } from '../../common/coded-error';

/** The page that was asked for cannot be given. */
export class InvalidPageError extends CodedError {
  readonly code = 'INVALID_PAGE';

  constructor(
    readonly field: string,
    problem: string,
  ) {
    super(`${field} ${problem}`);
  }
}

/** Which page of a list. */
export interface PageRequest {
  /** Entries on the page, 1 to 200; 50 unless given. */
  readonly limit?: number;
  /** The `nextCursor` of the page before, unchanged. */
  readonly cursor?: string;
}

const MOST_ON_A_PAGE = 200;
const DEFAULT_ON_A_PAGE = 50;
const LONGEST_CURSOR = 200;

/** @throws InvalidPageError */
export function pageLimit(limit: unknown = DEFAULT_ON_A_PAGE): number {
  if (!Number.isInteger(limit) || (limit as number) < 1 || (limit as number) > MOST_ON_A_PAGE) {
    throw new InvalidPageError('limit', `must be a whole number from 1 to ${MOST_ON_A_PAGE}.`);
  }
  return limit as number;
}

/** A place in a list as a text that means nothing to those who pass it on. */
export function encodeCursor(place: string): string {
  return Buffer.from(place).toString('base64url');
}

/**
 * What the pattern finds in the place that the cursor stands for.
 *
 * @throws InvalidPageError for what `encodeCursor()` did not make of such a place.
 */
export function decodeCursor(cursor: unknown, pattern: RegExp): RegExpExecArray {
  const isText = typeof cursor === 'string' && cursor.length <= LONGEST_CURSOR;
  const text = isText ? Buffer.from(cursor, 'base64url').toString() : '';
  const match = pattern.exec(text);
  if (match === null || encodeCursor(match[0]) !== cursor) {
    throw new InvalidPageError('cursor', 'is none of ours. Use the nextCursor of the page before, unchanged.');
  }
  return match;
}

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * The id that a page goes on after: UUIDv7 sort by the time they were made, and are not reused, so nothing is skipped or
 * given twice while the list grows.
 *
 * @throws InvalidPageError
 */
export function idOfCursor(cursor: string): string {
  return decodeCursor(cursor, ID)[0];
}

/** The first `limit` of what was found (one more than that, if there is more), and the cursor of the next page. */
export function pageOf<Row extends { readonly id: string }>(
  found: readonly Row[],
  limit: number,
): { readonly rows: readonly Row[]; readonly nextCursor?: string } {
  const rows = found.slice(0, limit);
  return { rows, ...(found.length > limit && { nextCursor: encodeCursor(rows.at(-1)!.id) }) };
}

/** Whether anything stored can be called so: PostgreSQL has no text with a NUL, and fails when it is asked for one. */
export function canBeStored(id: string): boolean {
  return !id.includes('\0');
}

/** One value or several. */
export function asList<T extends string>(value: T | readonly T[]): readonly T[] {
  return typeof value === 'string' ? [value] : value;
}
