/** Why a field was refused. Stable: programs may branch on it. */
export type FieldErrorCode =
  | 'required'
  | 'unknown'
  | 'conflict'
  | 'invalid'
  | 'empty'
  | 'too-long'
  | 'too-many'
  | 'out-of-range';

/** One refused field. `message` says what to do and repeats no value, since values are texts and phone numbers. */
export interface FieldError {
  /** A path such as `media[1]` or `template.variables.name`. */
  readonly field: string;
  readonly code: FieldErrorCode;
  readonly message: string;
}

const MOST_ERRORS = 50;
const LONGEST_NAME = 64;

/** Collects the first error of each field, and no more than anyone will read. */
export class FieldErrors {
  readonly #byField = new Map<string, FieldError>();

  /** The message is a sentence that continues the name of the field: `is required.` */
  add(field: string, code: FieldErrorCode, message: string): void {
    if (this.#byField.size >= MOST_ERRORS || this.#byField.has(field)) return;
    this.#byField.set(field, Object.freeze({ field, code, message: `${field} ${message}` }));
  }

  list(): readonly FieldError[] {
    return Object.freeze([...this.#byField.values()]);
  }
}

/** The path of a field below another one, of a bearable length whatever the caller called it. */
export function pathOf(parent: string, name: string): string {
  const short = name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}…` : name;
  return parent === '' ? short : `${parent}.${short}`;
}

/** An object made by `{}`, `JSON.parse` or `Object.create(null)`, in this realm or another; no class instance. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
