import { type ExecutionContext, Injectable } from '@nestjs/common';
import { ThrottlerGuard } from '@nestjs/throttler';
import { ApiProblem } from '../problems/problem';
import { accessOn } from './api-key.guard';

/** Counts requests by key, whatever address they come from and whatever route they go to. */
@Injectable()
export class ApiThrottlerGuard extends ThrottlerGuard {
  protected override generateKey(context: ExecutionContext, _tracker: string, name: string): string {
    return `${name}:${accessOn(context).name}`;
  }

  protected override throwThrottlingException(
    _context: ExecutionContext,
    { timeToBlockExpire }: { readonly timeToBlockExpire: number },
  ): Promise<void> {
    throw new ApiProblem({
      status: 429,
      code: 'TOO_MANY_REQUESTS',
      detail: 'This key has been used up for this minute (API_RATE_LIMIT_RPM). Go on after Retry-After seconds.',
      retryAfterSeconds: Math.max(1, timeToBlockExpire),
    });
  }
}
