import { Inject, Injectable } from '@nestjs/common';
import { OptOuts } from '../conversations/opt-outs';
import { type DeliveryReport, MessageJournal, type OutboxStep } from '../delivery/message-journal';
import { StatusCallbacks } from '../delivery/status-callbacks';
import { readAddress } from '../messages/address';
import { fromTwilioStatus } from '../messages/message-status';
import { BatchCommit } from '../storage/batch-commit';
import type { Database, DatabaseTransaction } from '../storage/database';
import { engineOf } from '../storage/engine';
import { commitPersistently, persistently } from '../storage/persistently';
import type { OutboundRow } from '../storage/schema';
import { DATABASE } from '../tokens';
import { describeTwilioError } from '../twilio/error-catalogue';
import type { MessageResource } from '../twilio/message-resource';

/** Writes down how a request ended. Callbacks may have moved the message while it was under way: both are merged. */
@Injectable()
export class Settlement {
  private readonly commits: BatchCommit<Taken>;

  constructor(
    @Inject(DATABASE) private readonly db: Database,
    private readonly journal: MessageJournal,
    private readonly callbacks: StatusCallbacks,
    private readonly optOuts: OptOuts,
  ) {
    this.commits = new BatchCommit<Taken>(db, userOf, (trx, taken) => this.storeTaken(trx, taken));
  }

  /** Twilio has the message. What it already reported about the SID is applied with it. */
  taken(row: OutboundRow, resource: MessageResource): Promise<void> {
    return persistently(this.db, () => this.commits.add({ row, resource }));
  }

  private async storeTaken(trx: DatabaseTransaction, taken: readonly Taken[]): Promise<void> {
    const resources = new Map(taken.map(({ row, resource }) => [row.id, resource]));
    const fresh = await this.lock(trx, [...resources.keys()]);
    const updated = await this.journal.reportAll(
      trx,
      fresh.map((row) => ({ row, reports: [reportOf(resources.get(row.id)!)] })),
    );
    await this.callbacks.applyEarly(trx, updated);
  }

  /** Takes the step, unless a callback has settled the message or another process has taken it over. */
  step(row: OutboundRow, step: OutboxStep): Promise<void> {
    const settle = async (trx: DatabaseTransaction): Promise<void> => {
      const [fresh] = await this.lock(trx, [row.id]);
      const isOurs = fresh?.status === row.status && fresh.attempts === row.attempts && fresh.owner === row.owner;
      if (!isOurs) return;
      const updated = await this.journal.step(trx, fresh, step);
      await this.optOuts.learnFrom(trx, updated, step.error);
    };
    return commitPersistently(this.db, settle, userOf({ row }));
  }

  private lock(trx: DatabaseTransaction, ids: readonly string[]): Promise<OutboundRow[]> {
    return trx
      .selectFrom('outbound_messages')
      .selectAll()
      .where('id', 'in', ids)
      .orderBy('seq') // the same order everywhere, so that no two wait for each other
      .modifyEnd(engineOf(trx).forUpdate)
      .execute();
  }
}

interface Taken {
  readonly row: OutboundRow;
  readonly resource: MessageResource;
}

function reportOf({ status, sid, errorCode }: MessageResource): DeliveryReport {
  return {
    status: fromTwilioStatus(status ?? '') ?? 'accepted',
    source: 'api',
    sid,
    ...(errorCode !== null && { error: describeTwilioError(errorCode) }),
  };
}

/** What is written about one conversation keeps its order. */
function userOf({ row }: { readonly row: OutboundRow }): string {
  return readAddress(row.to_address).value;
}
