import { Inject, Injectable, Logger } from '@nestjs/common';
import { tellOfHandler } from '../../common/happenings';
import { inSpan } from '../../common/spans';
import { ConnectionRegistry } from '../connections/connection-registry';
import type { WhatsappTwilioSettings } from '../contract/validate-options';
import { type HandlerFailure, HandlerQueue, type HandlerTask } from '../handlers/handler-queue';
import { logFailure } from '../handlers/log-failure';
import { WhatsappHandlers } from '../handlers/whatsapp-handlers';
import { readAddress } from '../messages/address';
import type { OutboundStatus } from '../messages/message-status';
import type { Runtime } from '../runtime';
import type { Signals } from '../signals';
import type { Database } from '../storage/database';
import { logTrouble } from '../storage/log-trouble';
import type { MessageEventRow } from '../storage/schema';
import { WorkQueue } from '../storage/work-queue';
import { DATABASE, RUNTIME, SETTINGS, SIGNALS, WORKER_ID } from '../tokens';
import type { MessageError } from '../twilio/error-catalogue';
import type { StatusUpdate } from './status-update';

/** Tells the handlers how outbound messages move on, in order for each message. */
@Injectable()
export class StatusDispatcher {
  private readonly logger = new Logger('WhatsappTwilio');
  private readonly queue: HandlerQueue<'message_events', unknown>;

  constructor(
    @Inject(SETTINGS) settings: WhatsappTwilioSettings,
    @Inject(DATABASE) private readonly db: Database,
    @Inject(RUNTIME) runtime: Runtime,
    @Inject(SIGNALS) signals: Signals,
    @Inject(WORKER_ID) workerId: string,
    connections: ConnectionRegistry,
    private readonly handlers: WhatsappHandlers,
  ) {
    this.queue = new HandlerQueue(new WorkQueue(db, 'message_events', connections.scope, workerId), {
      db,
      clock: runtime.clock,
      random: runtime.random,
      settings: settings.handlers,
      keyOf: ({ message_id }) => message_id,
      tasksOf: (row) => this.tasksOf(row),
      keep: () => Promise.resolve(),
      kept: (row, { name }) => tellOfHandler({ ...headOf(row), handler: name, result: 'done' }),
      onFailure: (row, failure) => this.tellFailure(row, failure),
      onError: logTrouble(this.logger, 'Status updates cannot go on for the moment.'),
    });
    // Without such handlers nothing is stored for them.
    signals.statuses.on(() => {
      if (this.handlers.statuses.length > 0) this.queue.wake();
    });
  }

  start(): void {
    this.queue.start();
  }

  stop(): Promise<void> {
    return this.queue.stop();
  }

  private tellFailure(row: MessageEventRow, failure: HandlerFailure): void {
    logFailure(this.logger, `"${row.status}" of message ${row.message_id}`, failure);
    const result = failure.retryAt === undefined ? 'dead' : 'retry';
    for (const handler of failure.handlers) tellOfHandler({ ...headOf(row), handler, result });
  }

  private async tasksOf(row: MessageEventRow): Promise<HandlerTask<unknown>[]> {
    const status = row.status as OutboundStatus;
    const wanted = this.handlers.statuses.filter(({ filter }) => filter.has(status));
    if (wanted.length === 0) return [];
    const message = await this.db
      .selectFrom('outbound_messages')
      .select(['twilio_sid', 'conversation_id', 'to_address', 'metadata', 'trace'])
      .where('id', '=', row.message_id)
      .executeTakeFirstOrThrow();
    const update: StatusUpdate = {
      messageId: row.message_id,
      ...(message.twilio_sid !== null && { sid: message.twilio_sid }),
      connectionId: row.connection_id,
      conversationId: message.conversation_id,
      to: readAddress(message.to_address),
      status,
      ...(row.previous_status !== null && { previousStatus: row.previous_status as OutboundStatus }),
      ...(row.error !== null && { error: JSON.parse(row.error) as MessageError }),
      metadata: JSON.parse(message.metadata) as Record<string, string>,
      at: new Date(row.at),
    };
    return wanted.map(({ name, run }) => ({
      name,
      run: () => {
        const attributes = {
          'whatsapp.handler': name,
          'whatsapp.connection.id': update.connectionId,
          'whatsapp.message.id': update.messageId,
          'whatsapp.message.sid': update.sid,
          'whatsapp.message.status': status,
        };
        const handle = async () => run(update);
        return inSpan('whatsapp.handler', { kind: 'consumer', parent: message.trace, attributes }, handle);
      },
    }));
  }
}

function headOf({ connection_id, message_id }: MessageEventRow) {
  return { kind: 'status' as const, connectionId: connection_id, messageId: message_id };
}
