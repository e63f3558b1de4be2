import { Inject, Injectable, Logger } from '@nestjs/common';
import { ConnectionRegistry } from '../connections/connection-registry';
import type { WhatsappTwilioSettings } from '../contract/validate-options';
import { HandlerQueue, type HandlerTask } from '../handlers/handler-queue';
import { WhatsappHandlers } from '../handlers/whatsapp-handlers';
import { readAddress } from '../messages/address';
import type { OutboundStatus } from '../messages/message-status';
import type { Runtime } from '../runtime';
import type { Signals } from '../signals';
import type { Database } from '../storage/database';
import type { MessageEventRow } from '../storage/schema';
import { WorkQueue } from '../storage/work-queue';
import { DATABASE, RUNTIME, SETTINGS, SIGNALS } from '../tokens';
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
    connections: ConnectionRegistry,
    private readonly handlers: WhatsappHandlers,
  ) {
    this.queue = new HandlerQueue(new WorkQueue(db, 'message_events', connections.ids), {
      db,
      clock: runtime.clock,
      random: runtime.random,
      settings: settings.handlers,
      tasksOf: (row) => this.tasksOf(row),
      keep: () => Promise.resolve(),
      onFailure: (row, { handlers: failed, errors, retryAt }) => {
        const then = retryAt === undefined ? 'it is given up' : `next try at ${new Date(retryAt).toISOString()}`;
        const stack = errors.map((error) => (error instanceof Error ? error.stack : String(error))).join('\n');
        this.logger.error(
          `${failed.join(', ')} failed for "${row.status}" of message ${row.message_id}; ${then}.`,
          stack,
        );
      },
      onError: (error) => this.logger.error('Status updates cannot go on for the moment.', (error as Error).stack),
    });
    signals.statuses.on(() => this.queue.wake());
  }

  start(): void {
    this.queue.start();
  }

  stop(): Promise<void> {
    return this.queue.stop();
  }

  private async tasksOf(row: MessageEventRow): Promise<HandlerTask<unknown>[]> {
    const status = row.status as OutboundStatus;
    const wanted = this.handlers.statuses.filter(({ filter }) => filter.has(status));
    if (wanted.length === 0) return [];
    const message = await this.db
      .selectFrom('outbound_messages')
      .select(['twilio_sid', 'conversation_id', 'to_address', 'metadata'])
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
    return wanted.map(({ name, run }) => ({ name, run: () => run(update) }));
  }
}
