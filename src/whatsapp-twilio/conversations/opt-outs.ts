import { Inject, Injectable } from '@nestjs/common';
import type { WhatsappTwilioSettings } from '../contract/validate-options';
import { MessageJournal } from '../delivery/message-journal';
import { readOptOutRequest } from '../messages/opt-out-keywords';
import type { Runtime } from '../runtime';
import type { DatabaseTransaction } from '../storage/database';
import { engineOf } from '../storage/engine';
import { storeOptIn, storeOptOut } from '../storage/opt-out-store';
import type { ConversationRow, OptOutSource, OutboundRow } from '../storage/schema';
import { RUNTIME, SETTINGS } from '../tokens';
import type { MessageError } from '../twilio/error-catalogue';

/** Twilio's "the recipient has opted out"; https://www.twilio.com/docs/api/errors/21610. */
const OPTED_OUT_AT_TWILIO = 21610;

const optedOutError: MessageError = {
  code: 'OPTED_OUT',
  title: 'The user has opted out',
  retryable: false,
  action: 'recipient',
  help: 'The user asked for no more messages while this one waited. They opt in again by writing START.',
};

/** Who wants nothing more from us. Every method works inside the caller's transaction. */
@Injectable()
export class OptOuts {
  constructor(
    @Inject(SETTINGS) private readonly settings: WhatsappTwilioSettings,
    @Inject(RUNTIME) private readonly runtime: Runtime,
    private readonly journal: MessageJournal,
  ) {}

  /** Takes to heart what the user's message says. Returns how many waiting messages it canceled. */
  async heed(
    trx: DatabaseTransaction,
    conversation: ConversationRow,
    params: Readonly<Record<string, string>>,
  ): Promise<number> {
    const request = readOptOutRequest(params, this.settings.optOutKeywords);
    if (request?.wants === 'start') await storeOptIn(trx, conversation);
    return request?.wants === 'stop' ? this.optOut(trx, conversation, request.source) : 0;
  }

  /** Nothing more is sent to the user: what waits is canceled. Returns how many messages that are. */
  async optOut(trx: DatabaseTransaction, conversation: ConversationRow, source: OptOutSource): Promise<number> {
    const conversations = await storeOptOut(trx, conversation, source, this.runtime.clock.now());
    const waiting = await trx
      .selectFrom('outbound_messages')
      .selectAll()
      .where('conversation_id', 'in', conversations)
      .where('status', 'in', ['queued', 'scheduled', 'held'])
      .orderBy('seq')
      .modifyEnd(engineOf(trx).forUpdate)
      .execute();
    for (const row of waiting) {
      await this.journal.step(trx, row, { status: 'canceled', dueAt: null, error: optedOutError });
    }
    return waiting.length;
  }

  async optIn(trx: DatabaseTransaction, conversation: ConversationRow): Promise<void> {
    await storeOptIn(trx, conversation);
  }

  /** Twilio may know of an opt-out that we do not: its refusal tells. */
  async learnFrom(trx: DatabaseTransaction, row: OutboundRow, error: MessageError | undefined): Promise<void> {
    if (error?.code !== OPTED_OUT_AT_TWILIO) return;
    const conversation = await trx
      .selectFrom('conversations')
      .selectAll()
      .where('id', '=', row.conversation_id)
      .executeTakeFirst();
    if (conversation !== undefined) await this.optOut(trx, conversation, 'refusal');
  }
}
