import type { Logger } from '@nestjs/common';
import { isConnectionError } from './connection-error';

/** Logs what held up work that goes on by itself. That the storage is away is in the log already, once for all. */
export function logTrouble(logger: Logger, what: string): (error: unknown) => void {
  return (error) => {
    if (!isConnectionError(error)) logger.error(what, (error as Error).stack);
  };
}
