import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Connection } from '../connections/connection';
import { TwilioClients } from '../connections/twilio-clients';
import type { WhatsappTwilioSettings } from '../contract/validate-options';
import type { OutboxStep } from '../delivery/message-journal';
import type { Runtime } from '../runtime';
import type { Database } from '../storage/database';
import type { OutboundRow } from '../storage/schema';
import { DATABASE, RUNTIME, SETTINGS } from '../tokens';
import { isTwilioError } from '../twilio/twilio-errors';
import { FIRST_LOOK_MS } from './failed-request';
import { findAtTwilio } from './find-at-twilio';
import { Settlement } from './settlement';

/** Finds out what became of a request whose outcome is unknown. Nothing is sent again before that. */
@Injectable()
export class Reconciler {
  private readonly logger = new Logger('WhatsappTwilio');

  constructor(
    @Inject(SETTINGS) private readonly settings: WhatsappTwilioSettings,
    @Inject(DATABASE) private readonly db: Database,
    @Inject(RUNTIME) private readonly runtime: Runtime,
    private readonly clients: TwilioClients,
    private readonly settlement: Settlement,
  ) {}

  async reconcile(connection: Connection, row: OutboundRow): Promise<void> {
    const now = this.runtime.clock.now();
    const elapsed = now - (row.unknown_since ?? now);
    try {
      const found = await this.clients.call(connection, (client) => findAtTwilio(this.db, client, row));
      if (found.kind === 'taken') return await this.settlement.taken(row, found.resource);
      if (found.kind === 'not-found' && now >= this.settledAt(row, now)) {
        this.logger.warn(`Message ${row.id} is not at Twilio; it is sent again.`);
        return await this.settlement.step(row, { status: 'queued', dueAt: now });
      }
    } catch (error) {
      if (!isTwilioError(error)) throw error;
      this.logger.warn(`Message ${row.id} could not be looked up: ${error.message}`);
    }
    await this.settlement.step(row, this.later(row, now, elapsed));
  }

  private later(row: OutboundRow, now: number, elapsed: number): OutboxStep {
    const { giveUpAfterMs } = this.settings.reconciliation;
    if (elapsed >= giveUpAfterMs) {
      this.logger.error(`Message ${row.id} stays unknown: Twilio may or may not have sent it. It is not sent again.`);
      return { status: 'unknown', dueAt: null };
    }
    const left = this.settledAt(row, now) - now;
    const pause = left > 0 ? Math.min(Math.max(elapsed, FIRST_LOOK_MS), left) : elapsed;
    return { status: 'unknown', dueAt: now + Math.min(pause, giveUpAfterMs - elapsed), waiting: 'reconcile' };
  }

  /** From when on a message that Twilio does not list was not taken. */
  private settledAt({ settled_at, unknown_since }: OutboundRow, now: number): number {
    return settled_at ?? (unknown_since ?? now) + this.settings.reconciliation.settleAfterMs;
  }
}
