import { Inject, Injectable } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { sql } from 'kysely';
import { healthCheckTimeoutMs } from '../contract/messaging.whatsapp.twilio';
import type { Runtime } from '../runtime';
import type { Database } from '../storage/database';
import { DATABASE, RUNTIME } from '../tokens';

/** Whether the storage answers, for Terminus. Without it no webhook can be acknowledged. */
@Injectable()
export class WhatsappTwilioStorageHealthIndicator {
  constructor(
    @Inject(DATABASE) private readonly db: Database,
    @Inject(RUNTIME) private readonly runtime: Runtime,
    private readonly indicators: HealthIndicatorService,
  ) {}

  async isHealthy<const Key extends string = 'storage'>(
    key: Key = 'storage' as Key,
  ): Promise<HealthIndicatorResult<Key>> {
    const session = this.indicators.check(key);
    let cancel: (() => void) | undefined;
    const limit = new Promise<'late'>((resolve) => {
      cancel = this.runtime.clock.setTimeout(() => resolve('late'), healthCheckTimeoutMs);
    });
    try {
      const answer = await Promise.race([sql`select 1`.execute(this.db), limit]);
      return answer === 'late' ? session.down(`no answer within ${healthCheckTimeoutMs} ms`) : session.up();
    } catch (error) {
      return session.down((error as { code?: string }).code ?? 'the storage cannot be read');
    } finally {
      cancel?.();
    }
  }
}
