import { CodedError } from '../../common/coded-error';
import type { Connection } from './connection';
import type { Addressee } from './connection-provider';

/** Where connections come from, one at a time. What it throws says that it could not tell. */
export interface ConnectionSource {
  byId(id: string): Promise<Connection | undefined>;
  /** The connection of this account that a webhook with this addressee is for. */
  byAccount(accountSid: string, addressee: Addressee): Promise<Connection | undefined>;
}

/** It could not be found out which connection this is. Nothing was refused and nothing done: it may be tried again. */
export class ConnectionLookupError extends CodedError {
  readonly code = 'CONNECTION_LOOKUP_FAILED';
  override readonly retryable = true;

  constructor(what: string, cause?: unknown) {
    super(`A connection could not be looked up: ${what}`, cause === undefined ? undefined : { cause });
  }
}
