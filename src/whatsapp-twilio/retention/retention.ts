import { Inject, Injectable, Logger } from '@nestjs/common';
import { setImmediate } from 'node:timers/promises';
import { Repetition } from '../../common/repetition';
import { ConnectionRegistry } from '../connections/connection-registry';
import type { WhatsappTwilioSettings } from '../contract/validate-options';
import type { Runtime } from '../runtime';
import type { Database } from '../storage/database';
import type { Storage } from '../storage/storage';
import { DATABASE, RUNTIME, SETTINGS, STORAGE } from '../tokens';
import {
  type EraseBatch,
  eraseInbound,
  eraseOutbound,
  eraseStatusFailures,
  removeDeadDeliveries,
  removeEarlyCallbacks,
  removeEvents,
} from './erase';

/** A start is busy enough without it. */
const FIRST_SWEEP_AFTER_MS = 60_000;
const SWEEP_EVERY_MS = 3_600_000;
const DAY_MS = 86_400_000;
const EARLY_CALLBACKS_MS = 7 * DAY_MS;
const EVENTS_MS = 7 * DAY_MS;
const DEAD_DELIVERIES_MS = 30 * DAY_MS;
const BATCH = 500;

/**
 * Erases what messages said once they are as old as `retention.contentDays`, of what nothing is left to do for.
 * Identifiers, statuses and the history stay. Several replicas may do it at the same time.
 */
@Injectable()
export class Retention {
  private readonly logger = new Logger('WhatsappTwilio');
  private readonly sweeps: Repetition;

  constructor(
    @Inject(SETTINGS) private readonly settings: WhatsappTwilioSettings,
    @Inject(STORAGE) private readonly storage: Storage,
    @Inject(DATABASE) private readonly db: Database,
    @Inject(RUNTIME) private readonly runtime: Runtime,
    private readonly connections: ConnectionRegistry,
  ) {
    this.sweeps = new Repetition(runtime.clock, SWEEP_EVERY_MS, () => this.sweep());
  }

  start(): void {
    this.sweeps.doIn(FIRST_SWEEP_AFTER_MS);
  }

  /** Begins no further batch; resolves once the last is done. */
  stop(): Promise<void> {
    return this.sweeps.stop();
  }

  private async sweep(): Promise<void> {
    const { contentDays } = this.settings.retention;
    try {
      await this.eraseAll(removeEarlyCallbacks, EARLY_CALLBACKS_MS);
      await this.eraseAll(removeDeadDeliveries, DEAD_DELIVERIES_MS);
      await this.eraseAll(removeEvents, EVENTS_MS);
      if (contentDays === undefined) return;
      for (const batch of [eraseInbound, eraseOutbound, eraseStatusFailures]) {
        await this.eraseAll(batch, contentDays * DAY_MS);
      }
      await this.storage.spool?.eraseSetAside(this.runtime.clock.now() - contentDays * DAY_MS);
    } catch (error) {
      this.logger.error(
        'What is old enough could not be erased; it is tried again in an hour.',
        (error as Error).stack,
      );
    }
  }

  /** Batch after batch, with room for others in between, until one is not full. */
  private async eraseAll(batch: EraseBatch, olderThanMs: number): Promise<void> {
    const now = this.runtime.clock.now();
    const sweep = { scope: this.connections.scope, now, until: now - olderThanMs, limit: BATCH };
    while (!this.sweeps.isStopped && (await batch(this.db, sweep)) === BATCH) await setImmediate();
  }
}
