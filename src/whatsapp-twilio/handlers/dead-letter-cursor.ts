import { type DeadLetter, InvalidPageError } from './dead-letter';

/** A place in the list of dead letters. */
export interface DeadLetterPlace {
  /** Milliseconds since 1970. */
  readonly deadAt: number;
  readonly kind: DeadLetter['kind'];
  readonly seq: number;
}

const LONGEST_CURSOR = 100;
const PLACE = /^(\d{1,15})\.(message|status)\.(\d{1,15})$/;

export function toCursor({ deadAt, kind, seq }: DeadLetterPlace): string {
  return Buffer.from(`${deadAt}.${kind}.${seq}`).toString('base64url');
}

/** @throws InvalidPageError for what `toCursor()` did not make. */
export function fromCursor(cursor: unknown): DeadLetterPlace {
  const text =
    typeof cursor === 'string' && cursor.length <= LONGEST_CURSOR ? Buffer.from(cursor, 'base64url').toString() : '';
  const [, deadAt, kind, seq] = PLACE.exec(text) ?? [];
  const place = { deadAt: Number(deadAt), kind: kind as DeadLetterPlace['kind'], seq: Number(seq) };
  if (kind === undefined || toCursor(place) !== cursor) {
    throw new InvalidPageError('cursor', 'is none of ours. Use the nextCursor of the page before, unchanged.');
  }
  return place;
}

/** Those given up last first; of the same time messages before statuses, and later ones before earlier ones. */
export function byPlace(a: DeadLetterPlace, b: DeadLetterPlace): number {
  return b.deadAt - a.deadAt || (a.kind === b.kind ? b.seq - a.seq : a.kind < b.kind ? -1 : 1);
}
