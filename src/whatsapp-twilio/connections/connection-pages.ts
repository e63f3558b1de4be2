import { InvalidConnectionPageError } from './connections.errors';

export interface PageRequest {
  /** 1 to 200; 50 unless given. */
  readonly limit?: number;
  /** The `nextCursor` of the page before. */
  readonly cursor?: string;
}

const MOST_AT_ONCE = 200;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const SEQ = /^[1-9]\d{0,14}$/;

/** @throws InvalidConnectionPageError (`INVALID_PAGE`) */
export function limitOf({ limit = 50 }: PageRequest): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= MOST_AT_ONCE) return limit;
  throw new InvalidConnectionPageError('limit', `must be a whole number from 1 to ${MOST_AT_ONCE}.`);
}

export function toCursor(place: string | number): string {
  return Buffer.from(String(place)).toString('base64url');
}

/** @throws InvalidConnectionPageError (`INVALID_PAGE`) for what `toCursor()` did not make. */
export function placeOfCursor(cursor: unknown, kind: 'id' | 'seq'): string {
  const text = typeof cursor === 'string' && cursor.length <= 64 ? Buffer.from(cursor, 'base64url').toString() : '';
  if ((kind === 'id' ? UUID : SEQ).test(text) && toCursor(text) === cursor) return text;
  throw new InvalidConnectionPageError('cursor', 'is none of ours. Use the nextCursor of the page before, unchanged.');
}
