import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { Reencryption } from './connections/reencryption';
import { Rotations } from './connections/rotations';
import { SecretReload } from './connections/secret-reload';
import { StatusDispatcher } from './delivery/status-dispatcher';
import { StatusLookup } from './delivery/status-lookup';
import { EventDispatcher } from './events/event-dispatcher';
import { exploreHandlers } from './handlers/handler-explorer';
import { type ConfigProblem, WhatsappTwilioConfigError } from './contract/whatsapp-twilio-config.error';
import { WhatsappHandlers } from './handlers/whatsapp-handlers';
import { InboundDispatcher } from './inbound/inbound-dispatcher';
import { SpoolDrain } from './inbound/spool-drain';
import { OutboundDispatcher } from './outbound/outbound-dispatcher';
import { Retention } from './retention/retention';
import type { Runtime } from './runtime';
import { signalNames, type Signals } from './signals';
import { type Database, isPostgresUrl } from './storage/database';
import { logTrouble } from './storage/log-trouble';
import { PostgresChannel } from './storage/postgres-channel';
import type { Storage } from './storage/storage';
import { Workers } from './storage/workers';
import { memoryStorageUrl, type WhatsappTwilioSettings } from './contract/validate-options';
import { DATABASE, RUNTIME, SETTINGS, SIGNALS, STORAGE, WEBHOOK_PATH, WORKER_ID } from './tokens';

/**
 * Starts the work when the app is ready and ends it in order: no new work first, the storage last, as requests still
 * arrive while the app drains.
 */
@Injectable()
export class WhatsappTwilioLifecycle
  implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown
{
  private readonly logger = new Logger('WhatsappTwilio');
  private readonly processes: Workers;
  private readonly channel?: PostgresChannel;

  constructor(
    @Inject(SETTINGS) private readonly settings: WhatsappTwilioSettings,
    @Inject(STORAGE) private readonly storage: Storage,
    @Inject(WEBHOOK_PATH) private readonly webhookPath: string | false,
    private readonly discovery: DiscoveryService,
    private readonly handlers: WhatsappHandlers,
    private readonly inbound: InboundDispatcher,
    private readonly outbound: OutboundDispatcher,
    private readonly statuses: StatusDispatcher,
    private readonly spool: SpoolDrain,
    private readonly events: EventDispatcher,
    private readonly lookup: StatusLookup,
    private readonly retention: Retention,
    private readonly rotations: Rotations,
    private readonly reencryption: Reencryption,
    private readonly secretReload: SecretReload,
    @Inject(DATABASE) db: Database,
    @Inject(RUNTIME) { clock }: Runtime,
    @Inject(SIGNALS) signals: Signals,
    @Inject(WORKER_ID) workerId: string,
  ) {
    this.processes = new Workers({
      db,
      clock,
      id: workerId,
      onRecovered: () => signalNames.forEach((name) => signals[name].emit()),
      onBeat: () => storage.keepUp?.() ?? Promise.resolve(),
      onError: logTrouble(this.logger, 'The storage has a problem.'),
    });
    if (isPostgresUrl(settings.storageUrl)) this.channel = new PostgresChannel(settings.storageUrl, db, signals);
  }

  async onApplicationBootstrap(): Promise<void> {
    this.refuseClashes();
    try {
      await this.reencryption.refuseMissingKeys();
    } catch (error) {
      await this.storage.close(); // an app that does not start is not stopped either
      throw error;
    }
    if (this.settings.storageUrl === memoryStorageUrl) {
      this.logger.warn(
        'Messages are kept in memory and forgotten at exit. Set storage.url (DATABASE_URL) to a file to keep them.',
      );
    }
    exploreHandlers(this.discovery, this.handlers, this.logger);
    const { log, subscribers } = this.settings.events;
    if (this.handlers.messages.length === 0 && !log && subscribers.length === 0) {
      this.logger.warn('No @OnWhatsappMessage handler was found: messages are stored, and nobody reads them.');
    }
    for (const worker of this.workers) worker.start();
    this.processes.start();
    this.channel?.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.storage.reach?.endWaiting();
    await Promise.all(this.workers.map((worker) => worker.stop()));
    await this.processes.stop();
    await this.channel?.stop();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.storage.close();
  }

  /** Two registrations of one app must not take each other's messages. */
  private refuseClashes(): void {
    const problems: ConfigProblem[] = [];
    for (const { instance } of this.discovery.getProviders()) {
      if (!(instance instanceof WhatsappTwilioLifecycle) || instance === this) continue;
      if (instance.webhookPath !== false && instance.webhookPath === this.webhookPath) {
        problems.push({ name: 'path', message: 'is the same in two registrations of the module. Give each its own.' });
      }
      if (instance.storage.db === this.storage.db && instance.settings.connectionId === this.settings.connectionId) {
        problems.push({
          name: 'connectionId',
          message: 'is the same in two registrations that share a storage. Give each its own, or its own storage.url.',
        });
      }
    }
    if (problems.length > 0) throw new WhatsappTwilioConfigError(problems);
  }

  private get workers() {
    return [
      this.spool,
      this.inbound,
      this.outbound,
      this.statuses,
      this.events,
      this.lookup,
      this.retention,
      this.rotations,
      this.reencryption,
      this.secretReload,
    ];
  }
}
