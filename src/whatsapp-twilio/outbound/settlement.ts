import { Inject, Injectable } from '@nestjs/common';
import { OptOuts } from '../conversations/opt-outs';
import { MessageJournal, type OutboxStep } from '../delivery/message-journal';
import { StatusCallbacks } from '../delivery/status-callbacks';
import { readAddress } from '../messages/address';
import { fromTwilioStatus } from '../messages/message-status';
import type { Database, DatabaseTransaction } from '../storage/database';
import { engineOf } from '../storage/engine';
import { commitPersistently } from '../storage/persistently';
import type { OutboundRow } from '../storage/schema';
import { DATABASE } from '../tokens';
import { describeTwilioError } from '../twilio/error-catalogue';
import type { MessageResource } from '../twilio/message-resource';

/** Writes down how a request ended. Callbacks may have moved the message while it was under way: both are merged. */
@Injectable()
export class Settlement {
  constructor(
    @Inject(DATABASE) private readonly db: Database,
    private readonly journal: MessageJournal,
    private readonly callbacks: StatusCallbacks,
    private readonly optOuts: OptOuts,
  ) {}

  /** Twilio has the message. What it already reported about the SID is applied with it. */
  taken(row: OutboundRow, resource: MessageResource): Promise<void> {
    return this.onFresh(row, async (trx, fresh) => {
      const updated = await this.journal.report(trx, fresh, {
        status: fromTwilioStatus(resource.status ?? '') ?? 'accepted',
        source: 'api',
        sid: resource.sid,
        ...(resource.errorCode !== null && { error: describeTwilioError(resource.errorCode) }),
      });
      await this.callbacks.applyEarly(trx, updated);
    });
  }

  /** Takes the step, unless a callback has settled the message or another process has taken it over. */
  step(row: OutboundRow, step: OutboxStep): Promise<void> {
    return this.onFresh(row, async (trx, fresh) => {
      const isOurs = fresh.status === row.status && fresh.attempts === row.attempts && fresh.owner === row.owner;
      if (!isOurs) return;
      const updated = await this.journal.step(trx, fresh, step);
      await this.optOuts.learnFrom(trx, updated, step.error);
    });
  }

  private async onFresh(
    { id, to_address }: OutboundRow,
    act: (trx: DatabaseTransaction, fresh: OutboundRow) => Promise<void>,
  ): Promise<void> {
    const settle = async (trx: DatabaseTransaction): Promise<void> => {
      const fresh = await trx
        .selectFrom('outbound_messages')
        .selectAll()
        .where('id', '=', id)
        .modifyEnd(engineOf(trx).forUpdate)
        .executeTakeFirst();
      if (fresh !== undefined) await act(trx, fresh);
    };
    await commitPersistently(this.db, settle, readAddress(to_address).value);
  }
}
