import { Inject, Injectable, Logger } from '@nestjs/common';
import { inSpan } from '../../common/spans';
import { WorkLoop } from '../../common/work-loop';
import { ConnectionRegistry } from '../connections/connection-registry';
import type { WhatsappTwilioSettings } from '../contract/validate-options';
import { HandlerQueue, type HandlerTask } from '../handlers/handler-queue';
import { logFailure } from '../handlers/log-failure';
import type { Runtime } from '../runtime';
import type { Signals } from '../signals';
import type { Database } from '../storage/database';
import { lookEveryMs } from '../storage/engine';
import { logTrouble } from '../storage/log-trouble';
import type { EventDeliveryRow } from '../storage/schema';
import { WorkQueue } from '../storage/work-queue';
import { DATABASE, RUNTIME, SETTINGS, SIGNALS, WORKER_ID } from '../tokens';
import type { EventSubscriber } from './event';
import { EventLog } from './event-log';
import { EventReader, type TracedEvent } from './event-reader';

const CONCURRENCY = 20;
const DELIVERY_TIMEOUT_MS = 30_000;
const FIRST_RETRY_MS = 5000;
const LONGEST_RETRY_MS = 3_600_000;
/** What a subscriber does not take for this long is given up. */
const TRY_FOR_MS = 24 * 3_600_000;
/** Far more tries than fit into a day: it is the day that ends them. */
const MOST_ATTEMPTS = 1000;

/** Gives events their places in the log, and tells the subscribers: in order within a conversation, each for itself. */
@Injectable()
export class EventDispatcher {
  private readonly logger = new Logger('WhatsappTwilio');
  private readonly queue: HandlerQueue<'event_deliveries', void>;
  private readonly placing: WorkLoop<never>;

  constructor(
    @Inject(SETTINGS) private readonly settings: WhatsappTwilioSettings,
    @Inject(DATABASE) private readonly db: Database,
    @Inject(RUNTIME) runtime: Runtime,
    @Inject(SIGNALS) signals: Signals,
    @Inject(WORKER_ID) workerId: string,
    connections: ConnectionRegistry,
    private readonly log: EventLog,
    private readonly reader: EventReader,
  ) {
    this.queue = new HandlerQueue(new WorkQueue(db, 'event_deliveries', connections.scope, workerId), {
      db,
      clock: runtime.clock,
      random: runtime.random,
      settings: {
        concurrency: CONCURRENCY,
        timeoutMs: DELIVERY_TIMEOUT_MS,
        maxAttempts: MOST_ATTEMPTS,
        retryDelayMs: FIRST_RETRY_MS,
        longestRetryDelayMs: LONGEST_RETRY_MS,
      },
      keyOf: (row) => row.order_key,
      isSpent: (row, now) => now - row.created_at >= TRY_FOR_MS,
      tasksOf: (row) => this.tasksOf(row),
      keep: () => Promise.resolve(),
      onFailure: (row, failure) => logFailure(this.logger, `event ${row.event_id} for ${row.subscriber}`, failure),
      onError: logTrouble(this.logger, 'Events cannot be delivered for the moment.'),
    });
    this.placing = new WorkLoop<never>({
      clock: runtime.clock,
      concurrency: 1,
      lookEveryMs: lookEveryMs(db),
      claim: async () => {
        while (await log.place());
        log.placed.emit();
        return { items: [] };
      },
      run: () => Promise.resolve(),
      onError: logTrouble(this.logger, 'The log of events cannot go on for the moment.'),
    });
    // Events are written together with what they tell of.
    for (const signal of [signals.inbox, signals.statuses, signals.events]) {
      signal.on(() => {
        this.placing.wake();
        this.queue.wake();
      });
    }
  }

  start(): void {
    if (this.log.isKept) this.placing.start();
    if (this.settings.events.subscribers.length > 0) this.queue.start();
  }

  /** Begins no further delivery; resolves once those under way have ended. */
  async stop(): Promise<void> {
    await Promise.all([this.placing.stop(), this.queue.stop()]);
  }

  private async tasksOf(row: EventDeliveryRow): Promise<HandlerTask<void>[]> {
    const subscriber = this.settings.events.subscribers.find(({ name }) => name === row.subscriber);
    // Nobody is left who wants it.
    if (subscriber === undefined) return [];
    const stored = await this.db.selectFrom('events').selectAll().where('id', '=', row.event_id).executeTakeFirst();
    const found = stored && (await this.reader.read(stored));
    return found === undefined ? [] : [{ name: row.subscriber, run: () => deliver(found, subscriber) }];
  }
}

function deliver({ event, trace }: TracedEvent, subscriber: EventSubscriber): Promise<void> {
  const attributes = {
    'whatsapp.subscriber': subscriber.name,
    'whatsapp.event.id': event.id,
    'whatsapp.event.type': event.type,
    'whatsapp.connection.id': event.connectionId,
    'whatsapp.message.id': event.type === 'message.status' ? event.data.messageId : undefined,
    'whatsapp.message.sid': event.data.sid,
  };
  return inSpan('whatsapp.forward', { kind: 'client', parent: trace, attributes }, () => subscriber.deliver(event));
}
