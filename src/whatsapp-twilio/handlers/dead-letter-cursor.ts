import { decodeCursor, encodeCursor } from '../storage/page';
import type { DeadLetter } from './dead-letter';

/** A place in the list of dead letters. */
export interface DeadLetterPlace {
  /** Milliseconds since 1970. */
  readonly deadAt: number;
  readonly kind: DeadLetter['kind'];
  readonly seq: number;
}

const PLACE = /^(0|[1-9]\d{0,14})\.(message|status|event)\.(0|[1-9]\d{0,14})$/;

export function toCursor({ deadAt, kind, seq }: DeadLetterPlace): string {
  return encodeCursor(`${deadAt}.${kind}.${seq}`);
}

/** @throws InvalidPageError for what `toCursor()` did not make. */
export function fromCursor(cursor: unknown): DeadLetterPlace {
  const [, deadAt, kind, seq] = decodeCursor(cursor, PLACE);
  return { deadAt: Number(deadAt), kind: kind as DeadLetterPlace['kind'], seq: Number(seq) };
}

/** Those given up last first; of the same time in the order of their kinds, and later ones before earlier ones. */
export function byPlace(a: DeadLetterPlace, b: DeadLetterPlace): number {
  return b.deadAt - a.deadAt || (a.kind === b.kind ? b.seq - a.seq : a.kind < b.kind ? -1 : 1);
}
