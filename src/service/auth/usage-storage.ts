import type { ThrottlerStorage } from '@nestjs/throttler';
import { sql } from 'kysely';
import type { Clock } from '../../common/clock';
import type { Database } from '../../whatsapp-twilio/storage/database';
import { engineOf } from '../../whatsapp-twilio/storage/engine';

type Usage = Awaited<ReturnType<ThrottlerStorage['increment']>>;

/** Windows that are over are removed about every so many requests. */
const SWEEP_EVERY = 500;

/**
 * How often each key was used in the current minute, over all replicas: counted in the PostgreSQL that they share. With
 * SQLite there is one process, which counts in memory.
 */
export class UsageStorage implements ThrottlerStorage {
  private memory = { windowAt: 0, hits: new Map<string, number>() };
  private requests = 0;

  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
  ) {}

  async increment(key: string, ttl: number, limit: number): Promise<Usage> {
    const now = this.clock.now();
    const windowAt = now - (now % ttl);
    const left = Math.ceil((windowAt + ttl - now) / 1000);
    const isShared = engineOf(this.db).name === 'postgres';
    const hits = isShared ? await this.countForAll(key, windowAt) : this.count(key, windowAt);
    const isBlocked = hits > limit;
    return { totalHits: hits, timeToExpire: left, isBlocked, timeToBlockExpire: isBlocked ? left : 0 };
  }

  private count(key: string, windowAt: number): number {
    if (this.memory.windowAt !== windowAt) this.memory = { windowAt, hits: new Map() };
    const hits = (this.memory.hits.get(key) ?? 0) + 1;
    this.memory.hits.set(key, hits);
    return hits;
  }

  /** That the database cannot be reached is for the route to find out: it may not need it. */
  private async countForAll(key: string, windowAt: number): Promise<number> {
    try {
      if (++this.requests % SWEEP_EVERY === 0) {
        await this.db.deleteFrom('api_usage').where('window_at', '<', windowAt).execute();
      }
      const { rows } = await sql<{ hits: number }>`
        insert into api_usage (key, window_at, hits) values (${key}, ${windowAt}, 1)
        on conflict (key, window_at) do update set hits = api_usage.hits + 1
        returning hits`.execute(this.db);
      return rows[0]!.hits;
    } catch {
      return this.count(key, windowAt);
    }
  }
}
