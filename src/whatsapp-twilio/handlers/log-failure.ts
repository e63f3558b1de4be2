import type { Logger } from '@nestjs/common';
import type { HandlerFailure } from './handler-queue';

/** Says which handlers failed, for what, and what happens next. */
export function logFailure(logger: Logger, what: string, { handlers, errors, retryAt }: HandlerFailure): void {
  const next =
    retryAt === undefined ? 'no further try: it is a dead letter' : `next try at ${new Date(retryAt).toISOString()}`;
  const stacks = errors.map((error) => (error instanceof Error ? error.stack : String(error)));
  logger.error(`${handlers.join(', ')} failed for ${what}; ${next}.`, stacks.join('\n'));
}
