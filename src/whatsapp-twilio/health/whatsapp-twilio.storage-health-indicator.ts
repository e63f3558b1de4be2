import { Inject, Injectable } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { sql } from 'kysely';
import { healthCheckTimeoutMs } from '../contract/messaging.whatsapp.twilio';
import type { Runtime } from '../runtime';
import type { Database } from '../storage/database';
import type { Storage } from '../storage/storage';
import { DATABASE, RUNTIME, STORAGE } from '../tokens';

/**
 * Whether webhooks can be taken in, for Terminus. It is up as well while PostgreSQL is away and they go into the spool;
 * the details then have `degraded: true`, why, and how many are `spooled`.
 */
@Injectable()
export class WhatsappTwilioStorageHealthIndicator {
  constructor(
    @Inject(DATABASE) private readonly db: Database,
    @Inject(RUNTIME) private readonly runtime: Runtime,
    @Inject(STORAGE) private readonly storage: Storage,
    private readonly indicators: HealthIndicatorService,
  ) {}

  async isHealthy<const Key extends string = 'storage'>(
    key: Key = 'storage' as Key,
  ): Promise<HealthIndicatorResult<Key>> {
    const session = this.indicators.check(key);
    const trouble = await this.trouble();
    if (trouble === undefined) return session.up();
    const { spool } = this.storage;
    if (spool === undefined) return session.down(trouble);
    try {
      await spool.check();
      return session.up({ degraded: true, message: `webhooks go into the spool: ${trouble}`, spooled: spool.size });
    } catch {
      return session.down(`${trouble}, and the spool cannot be written`);
    }
  }

  /** What is wrong with the storage itself. */
  private async trouble(): Promise<string | undefined> {
    let cancel: (() => void) | undefined;
    const limit = new Promise<'late'>((resolve) => {
      cancel = this.runtime.clock.setTimeout(() => resolve('late'), healthCheckTimeoutMs);
    });
    try {
      const answer = await Promise.race([sql`select 1`.execute(this.db), limit]);
      return answer === 'late' ? `no answer within ${healthCheckTimeoutMs} ms` : undefined;
    } catch (error) {
      return (error as { code?: string }).code ?? 'the storage cannot be read';
    } finally {
      cancel?.();
    }
  }
}
