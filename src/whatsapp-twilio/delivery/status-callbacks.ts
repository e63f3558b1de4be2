import { Inject, Injectable, Logger } from '@nestjs/common';
import { ConnectionRegistry } from '../connections/connection-registry';
import { OptOuts } from '../conversations/opt-outs';
import { fromTwilioStatus } from '../messages/message-status';
import type { Runtime } from '../runtime';
import type { Signals } from '../signals';
import type { Database, DatabaseTransaction } from '../storage/database';
import { engineOf } from '../storage/engine';
import { groupCommitOf } from '../storage/group-commit';
import type { OutboundRow } from '../storage/schema';
import { DATABASE, RUNTIME, SIGNALS } from '../tokens';
import { describeTwilioError } from '../twilio/error-catalogue';
import { type DeliveryReport, MessageJournal } from './message-journal';

/** A verified status callback. */
export interface StatusCallback {
  readonly connectionId: string;
  /** Our id of the message, which the callback's URL carries. */
  readonly messageId?: string;
  readonly params: Readonly<Record<string, string>>;
  /** Milliseconds since 1970; now, unless it was received earlier. */
  readonly receivedAt?: number;
}

/** The longest list of callbacks that is kept for one SID that nobody knows. */
const EARLY_CALLBACKS_PER_SID = 20;
/** The most that are kept for all such SIDs: other programs of the account may have their callbacks sent here too. */
const EARLY_CALLBACKS = 10_000;

/** Takes in what Twilio reports about our messages, in whatever order it comes. */
@Injectable()
export class StatusCallbacks {
  private readonly logger = new Logger('WhatsappTwilio');

  constructor(
    @Inject(DATABASE) private readonly db: Database,
    @Inject(RUNTIME) private readonly runtime: Runtime,
    @Inject(SIGNALS) private readonly signals: Signals,
    private readonly connections: ConnectionRegistry,
    private readonly journal: MessageJournal,
    private readonly optOuts: OptOuts,
  ) {}

  /** Resolves once the callback is committed. */
  async accept(callback: StatusCallback): Promise<void> {
    await groupCommitOf(this.db).run((trx) => this.store(trx, callback));
    this.announce();
  }

  /** Tells those who have something to do now. To be called after the commit. */
  announce(): void {
    this.signals.statuses.emit();
    this.signals.outbox.emit(); // its conversation may go on
  }

  /** Applies what came for a SID before the SID was stored. */
  async applyEarly(trx: DatabaseTransaction, row: OutboundRow): Promise<OutboundRow> {
    if (row.twilio_sid === null) return row;
    const early = await trx
      .selectFrom('early_callbacks')
      .selectAll()
      .where('message_sid', '=', row.twilio_sid)
      .where('connection_id', '=', row.connection_id)
      .orderBy('seq')
      .execute();
    let current = row;
    for (const { params, received_at } of early) {
      const report = reportOf(JSON.parse(params) as Record<string, string>, received_at);
      if (report) current = await this.journal.report(trx, current, report);
    }
    if (early.length > 0) {
      await trx.deleteFrom('early_callbacks').where('message_sid', '=', row.twilio_sid).execute();
    }
    return current;
  }

  /** Applies the callback inside the caller's transaction. */
  async store(trx: DatabaseTransaction, callback: StatusCallback): Promise<void> {
    const report = reportOf(callback.params, callback.receivedAt);
    if (report === undefined) {
      this.logger.warn('A status callback without a MessageSid or with an unknown status was left aside.');
      return;
    }
    const row = await this.find(trx, callback, report.sid);
    if (row === undefined) return this.keepEarly(trx, callback, report);
    if (row.twilio_sid !== null && row.twilio_sid !== report.sid) {
      this.logger.error(`Message ${row.id} is ${row.twilio_sid} at Twilio, and a callback calls it ${report.sid}.`);
      return;
    }
    const updated = await this.journal.report(trx, row, report);
    await this.optOuts.learnFrom(trx, updated, report.error);
    if (row.twilio_sid === null) await this.applyEarly(trx, updated);
  }

  private async find(
    trx: DatabaseTransaction,
    callback: StatusCallback,
    sid: string,
  ): Promise<OutboundRow | undefined> {
    const ofConnection = trx
      .selectFrom('outbound_messages')
      .selectAll()
      .where('connection_id', '=', callback.connectionId)
      .modifyEnd(engineOf(trx).forUpdate);
    return (
      (await ofConnection.where('twilio_sid', '=', sid).executeTakeFirst()) ??
      (callback.messageId === undefined
        ? undefined
        : await ofConnection.where('id', '=', callback.messageId).executeTakeFirst())
    );
  }

  private async keepEarly(
    trx: DatabaseTransaction,
    callback: StatusCallback,
    report: DeliveryReport & { sid: string },
  ): Promise<void> {
    const { count } = await trx
      .selectFrom('early_callbacks')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('message_sid', '=', report.sid)
      .executeTakeFirstOrThrow();
    if (count >= EARLY_CALLBACKS_PER_SID) return;
    const inserted = await trx
      .insertInto('early_callbacks')
      .values({
        scope: this.connections.scope,
        connection_id: callback.connectionId,
        message_sid: report.sid,
        dedupe_key: `${report.status}:${report.error?.code ?? ''}`,
        params: JSON.stringify(callback.params),
        received_at: callback.receivedAt ?? this.runtime.clock.now(),
      })
      .onConflict((conflict) => conflict.columns(['message_sid', 'dedupe_key']).doNothing())
      .returning('seq')
      .executeTakeFirst();
    if (inserted === undefined) return;
    await trx
      .deleteFrom('early_callbacks')
      .where('seq', '<=', inserted.seq - EARLY_CALLBACKS)
      .execute();
  }
}

function reportOf(
  params: Readonly<Record<string, string>>,
  at: number | undefined,
): (DeliveryReport & { sid: string }) | undefined {
  const sid = params['MessageSid'] || params['SmsSid'];
  const status = fromTwilioStatus(params['MessageStatus'] || params['SmsStatus'] || params['EventType'] || '');
  if (!sid || status === undefined) return undefined;
  const failed = status === 'failed' || status === 'undelivered';
  const message = params['ErrorMessage'] || params['ChannelStatusMessage'];
  const code = /^\d{1,9}$/.test(params['ErrorCode'] ?? '') ? Number(params['ErrorCode']) : undefined;
  return {
    status,
    source: 'callback',
    sid,
    ...(at !== undefined && { at }),
    ...((failed || code !== undefined) && { error: describeTwilioError(code, message ? { message } : {}) }),
  };
}
