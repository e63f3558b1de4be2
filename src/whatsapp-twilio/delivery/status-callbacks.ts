import { Inject, Injectable, Logger } from '@nestjs/common';
import { ConnectionRegistry } from '../connections/connection-registry';
import { OptOuts } from '../conversations/opt-outs';
import { readAddress } from '../messages/address';
import { fromTwilioStatus } from '../messages/message-status';
import type { Runtime } from '../runtime';
import type { Signals } from '../signals';
import type { Database, DatabaseTransaction } from '../storage/database';
import { engineOf } from '../storage/engine';
import { BatchCommit } from '../storage/batch-commit';
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
  private readonly commits: BatchCommit<StatusCallback>;

  constructor(
    @Inject(DATABASE) db: Database,
    @Inject(RUNTIME) private readonly runtime: Runtime,
    @Inject(SIGNALS) private readonly signals: Signals,
    private readonly connections: ConnectionRegistry,
    private readonly journal: MessageJournal,
    private readonly optOuts: OptOuts,
  ) {
    this.commits = new BatchCommit(db, userOf, (trx, callbacks) => this.store(trx, callbacks));
  }

  /** Resolves once the callback is committed. */
  async accept(callback: StatusCallback): Promise<void> {
    await this.commits.add(callback);
    this.announce();
  }

  /** Tells those who have something to do now. To be called after the commit. */
  announce(): void {
    this.signals.statuses.emit();
    this.signals.outbox.emit(); // its conversation may go on
  }

  /** Applies what came for SIDs before the SIDs were stored. */
  async applyEarly(trx: DatabaseTransaction, rows: readonly OutboundRow[]): Promise<void> {
    const bySid = new Map(rows.map((row) => [row.twilio_sid, row]));
    const sids = [...bySid.keys()].filter((sid) => sid !== null);
    if (sids.length === 0) return;
    const found = await trx
      .deleteFrom('early_callbacks')
      .where('message_sid', 'in', sids)
      .returning(['seq', 'connection_id', 'message_sid', 'params', 'received_at'])
      .execute();
    const reported = new Map<OutboundRow, DeliveryReport[]>();
    for (const { connection_id, message_sid, params, received_at } of found.toSorted((a, b) => a.seq - b.seq)) {
      const row = bySid.get(message_sid)!;
      const report = reportOf(JSON.parse(params) as Record<string, string>, received_at);
      if (report === undefined || connection_id !== row.connection_id) continue;
      reported.set(row, [...(reported.get(row) ?? []), report]);
    }
    await this.journal.reportAll(
      trx,
      Array.from(reported, ([row, reports]) => ({ row, reports })),
    );
  }

  /** Applies the callbacks inside the caller's transaction. */
  async store(trx: DatabaseTransaction, callbacks: readonly StatusCallback[]): Promise<void> {
    const known = new Map<string, { row: OutboundRow; reports: CallbackReport[] }>();
    const found = await this.find(trx, callbacks);
    for (const callback of callbacks) {
      const report = reportOf(callback.params, callback.receivedAt);
      if (report === undefined) {
        this.logger.warn('A status callback without a MessageSid or with an unknown status was left aside.');
        continue;
      }
      const row = found(callback, report.sid);
      if (row === undefined) await this.keepEarly(trx, callback, report);
      else {
        const entry = known.get(row.id) ?? { row, reports: [] };
        const sid = row.twilio_sid ?? entry.reports[0]?.sid ?? report.sid;
        if (sid !== report.sid) {
          this.logger.error(`Message ${row.id} is ${sid} at Twilio, and a callback calls it ${report.sid}.`);
          continue;
        }
        entry.reports.push(report);
        known.set(row.id, entry);
      }
    }
    const reported = [...known.values()];
    const merged = await this.journal.reportAll(trx, reported);
    for (const { row, reports } of reported) {
      for (const { error } of reports) await this.optOuts.learnFrom(trx, row, error);
    }
    await this.applyEarly(
      trx,
      merged.filter((_, index) => reported[index]!.row.twilio_sid === null),
    );
  }

  /** The messages that the callbacks are about: by SID, or by our id while the SID is not stored yet. */
  private async find(trx: DatabaseTransaction, callbacks: readonly StatusCallback[]) {
    const sids = callbacks.map(({ params }) => sidOf(params)).filter((sid) => sid !== undefined);
    const ids = callbacks.map(({ messageId }) => messageId).filter((id) => id !== undefined);
    const rows =
      sids.length === 0
        ? []
        : await trx
            .selectFrom('outbound_messages')
            .selectAll()
            .where(({ or, eb }) => or([eb('twilio_sid', 'in', sids), ...(ids.length > 0 ? [eb('id', 'in', ids)] : [])]))
            .orderBy('seq') // the same order everywhere, so that no two wait for each other
            .modifyEnd(engineOf(trx).forUpdate)
            .execute();
    const bySid = new Map(rows.map((row) => [row.twilio_sid, row]));
    const byId = new Map(rows.map((row) => [row.id, row]));
    return ({ connectionId, messageId }: StatusCallback, sid: string): OutboundRow | undefined => {
      const candidates = [bySid.get(sid), messageId === undefined ? undefined : byId.get(messageId)];
      return candidates.find((row) => row?.connection_id === connectionId);
    };
  }

  private async keepEarly(trx: DatabaseTransaction, callback: StatusCallback, report: CallbackReport): Promise<void> {
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

type CallbackReport = DeliveryReport & { readonly sid: string };

function sidOf(params: Readonly<Record<string, string>>): string | undefined {
  return params['MessageSid'] || params['SmsSid'] || undefined;
}

function reportOf(params: Readonly<Record<string, string>>, at: number | undefined): CallbackReport | undefined {
  const sid = sidOf(params);
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

/** Whom the message was for: what is written about one conversation keeps its order. */
function userOf({ params }: StatusCallback): string {
  return readAddress(params['To'] ?? '').value;
}
