import { Inject, Injectable, Logger } from '@nestjs/common';
import { type Claim, WorkLoop } from '../../common/work-loop';
import { ConnectionRegistry } from '../connections/connection-registry';
import { TwilioClients } from '../connections/twilio-clients';
import { fromTwilioStatus } from '../messages/message-status';
import { AccountLimits } from '../outbound/account-limits';
import { budgetOf, lockBudgets } from '../outbound/budget';
import { Pacing } from '../outbound/pacing';
import { spend } from '../outbound/send-slots';
import type { Runtime } from '../runtime';
import type { Signals } from '../signals';
import type { Database, DatabaseTransaction } from '../storage/database';
import { logTrouble } from '../storage/log-trouble';
import { engineOf } from '../storage/engine';
import type { OutboundRow } from '../storage/schema';
import { DATABASE, RUNTIME, SIGNALS } from '../tokens';
import { describeTwilioError } from '../twilio/error-catalogue';
import type { MessageResource } from '../twilio/message-resource';
import { isTwilioError, type TwilioErrorCode } from '../twilio/twilio-errors';
import { FIRST_CHECK_AFTER_MS, nextCheckAt, retryCheckAt } from './check-times';
import { type DeliveryReport, MessageJournal } from './message-journal';

const AT_THE_SAME_TIME = 2;
/** For each account. */
const LOOKUPS_A_MINUTE = 20;
const MINUTE_MS = 60_000;
/** Longer than a request can take, so that no two processes ask for the same message. */
const LEASE_MS = 30_000;

/** What Twilio will not answer differently later. */
const lastWords: ReadonlySet<TwilioErrorCode> = new Set(['TWILIO_NOT_FOUND', 'TWILIO_INVALID_ARGUMENT']);

/**
 * Asks Twilio what became of a message whose status callbacks do not come: sparingly, as it is only for what was missed,
 * and never in the way of messages that are to be sent.
 */
@Injectable()
export class StatusLookup {
  private readonly logger = new Logger('WhatsappTwilio');
  private readonly loop: WorkLoop<OutboundRow>;

  constructor(
    @Inject(DATABASE) private readonly db: Database,
    @Inject(RUNTIME) private readonly runtime: Runtime,
    @Inject(SIGNALS) private readonly signals: Signals,
    private readonly limits: AccountLimits,
    private readonly connections: ConnectionRegistry,
    private readonly clients: TwilioClients,
    private readonly pacing: Pacing,
    private readonly journal: MessageJournal,
  ) {
    this.loop = new WorkLoop({
      clock: runtime.clock,
      concurrency: AT_THE_SAME_TIME,
      claim: (limit) => this.claim(limit),
      run: (row) => this.look(row),
      onError: logTrouble(this.logger, 'Statuses cannot be looked up for the moment.'),
    });
  }

  start(): void {
    this.loop.start();
  }

  /** Asks nothing more; resolves once the requests under way are answered. */
  stop(): Promise<void> {
    return this.loop.stop();
  }

  private async claim(limit: number): Promise<Claim<OutboundRow>> {
    const limits = await this.accountLimits();
    return this.db.transaction().execute(async (trx) => {
      const now = this.runtime.clock.now();
      const accounts = await this.accountsWithDue(trx, now);
      if (accounts.length > 0) await lockBudgets(trx);
      const items: OutboundRow[] = [];
      // What is not due yet becomes so by a report, and then no sooner than after this.
      let nextAt = Math.min(await this.nextCheckAfter(trx, now), now + FIRST_CHECK_AFTER_MS);
      for (const account of accounts) {
        const rpm = limits.get(account);
        // Its first work came due in this moment.
        if (rpm === undefined) nextAt = now;
        if (rpm === undefined) continue;
        const room = await this.room(trx, account, rpm, now);
        const free = limit - items.length;
        if (room < free) nextAt = Math.min(nextAt, now + MINUTE_MS);
        for (const row of await this.due(trx, account, now, Math.min(room, free))) {
          items.push(await this.take(trx, row, now));
        }
      }
      return { items, nextAt };
    });
  }

  private async accountLimits(): Promise<ReadonlyMap<string, number>> {
    const uses = await this.db
      .selectFrom('outbound_messages')
      .select(({ fn }) => ['account_sid', fn.min('connection_id').as('connection_id')])
      .groupBy('account_sid')
      .where('scope', '=', this.connections.scope)
      .where('check_at', '<=', this.runtime.clock.now())
      .execute();
    return this.limits.of(uses);
  }

  private async accountsWithDue(trx: DatabaseTransaction, now: number): Promise<string[]> {
    const rows = await trx
      .selectFrom('outbound_messages')
      .select('account_sid')
      .distinct()
      .where('check_at', '<=', now)
      .where('scope', '=', this.connections.scope)
      .execute();
    return rows.map(({ account_sid }) => account_sid);
  }

  /** How many may be asked for: while less than half of the account's minute is used, and Twilio lets it send. */
  private async room(trx: DatabaseTransaction, accountSid: string, rpm: number, now: number): Promise<number> {
    if (this.pacing.pausedUntil(accountSid, now) !== undefined) return 0;
    const { all, lookups } = await budgetOf(trx, accountSid, rpm, now);
    return Math.max(0, Math.min(LOOKUPS_A_MINUTE - lookups.count, Math.ceil(rpm / 2) - all.count));
  }

  private due(trx: DatabaseTransaction, accountSid: string, now: number, limit: number): Promise<OutboundRow[]> {
    return trx
      .selectFrom('outbound_messages')
      .selectAll()
      .where('check_at', '<=', now)
      .where('account_sid', '=', accountSid)
      .where('scope', '=', this.connections.scope)
      .orderBy('check_at')
      .orderBy('seq')
      .limit(limit)
      .modifyEnd(engineOf(trx).skipLocked)
      .execute();
  }

  private async take(trx: DatabaseTransaction, row: OutboundRow, now: number): Promise<OutboundRow> {
    await spend(trx, row.account_sid, ['lookup'], now);
    return this.checkAt(trx, row, now + LEASE_MS);
  }

  private async nextCheckAfter(trx: DatabaseTransaction, now: number): Promise<number> {
    const row = await trx
      .selectFrom('outbound_messages')
      .select(({ fn }) => fn.min('check_at').as('at'))
      .where('check_at', '>', now)
      .where('scope', '=', this.connections.scope)
      .executeTakeFirst();
    return row?.at ?? Infinity;
  }

  private async look(row: OutboundRow): Promise<void> {
    const connection = await this.connections.byId(row.connection_id);
    if (connection === undefined) {
      return this.onClaimed(row, async (trx, fresh) => void (await this.checkAt(trx, fresh, null)));
    }
    let resource: MessageResource;
    try {
      resource = await this.clients.call(connection, (client) => client.fetchMessage(row.twilio_sid!));
    } catch (error) {
      if (!isTwilioError(error)) throw error;
      this.logger.warn(`Message ${row.id} could not be looked up: ${error.message}`);
      const now = this.runtime.clock.now();
      const later = lastWords.has(error.code) ? null : retryCheckAt(row.updated_at, now);
      return this.onClaimed(row, async (trx, fresh) => void (await this.checkAt(trx, fresh, later)));
    }
    await this.onClaimed(row, (trx, fresh) => this.merge(trx, fresh, resource));
    this.signals.statuses.emit();
  }

  private async merge(trx: DatabaseTransaction, row: OutboundRow, resource: MessageResource): Promise<void> {
    const report = reportOf(resource);
    const updated = report === undefined ? row : await this.journal.report(trx, row, report);
    // A report that is news has set the next check itself.
    if (updated === row) await this.checkAt(trx, row, nextCheckAt(row.updated_at, this.runtime.clock.now()));
  }

  private async checkAt(trx: DatabaseTransaction, row: OutboundRow, check_at: number | null): Promise<OutboundRow> {
    await trx.updateTable('outbound_messages').set({ check_at }).where('id', '=', row.id).execute();
    return { ...row, check_at };
  }

  /** Unless a callback came while Twilio was asked, which has set the next check, or another process asks by now. */
  private async onClaimed(
    { id, check_at }: OutboundRow,
    act: (trx: DatabaseTransaction, fresh: OutboundRow) => Promise<void>,
  ): Promise<void> {
    await this.db.transaction().execute(async (trx) => {
      const fresh = await trx
        .selectFrom('outbound_messages')
        .selectAll()
        .where('id', '=', id)
        .modifyEnd(engineOf(trx).forUpdate)
        .executeTakeFirst();
      if (fresh?.check_at === check_at) await act(trx, fresh);
    });
  }
}

/** What Twilio says of the message; `undefined` for a status that is not known. */
function reportOf({ sid, status, errorCode, errorMessage }: MessageResource): DeliveryReport | undefined {
  const known = fromTwilioStatus(status ?? '');
  if (known === undefined) return undefined;
  const failed = known === 'failed' || known === 'undelivered';
  const message = errorMessage ? { message: errorMessage } : {};
  return {
    status: known,
    source: 'api',
    sid,
    ...((failed || errorCode !== null) && { error: describeTwilioError(errorCode ?? undefined, message) }),
  };
}
