import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { StatusDispatcher } from './delivery/status-dispatcher';
import { exploreHandlers } from './handlers/handler-explorer';
import { WhatsappHandlers } from './handlers/whatsapp-handlers';
import { InboundDispatcher } from './inbound/inbound-dispatcher';
import { OutboundDispatcher } from './outbound/outbound-dispatcher';
import type { Database } from './storage/database';
import { memoryStorageUrl, type WhatsappTwilioSettings } from './contract/validate-options';
import { DATABASE, SETTINGS } from './tokens';

/**
 * Starts the work when the app is ready and ends it in order: no new work first, the storage last, as requests still
 * arrive while the app drains.
 */
@Injectable()
export class WhatsappTwilioLifecycle implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly logger = new Logger('WhatsappTwilio');

  constructor(
    @Inject(SETTINGS) private readonly settings: WhatsappTwilioSettings,
    @Inject(DATABASE) private readonly db: Database,
    private readonly discovery: DiscoveryService,
    private readonly handlers: WhatsappHandlers,
    private readonly inbound: InboundDispatcher,
    private readonly outbound: OutboundDispatcher,
    private readonly statuses: StatusDispatcher,
  ) {}

  onApplicationBootstrap(): void {
    if (this.settings.storageUrl === memoryStorageUrl) {
      this.logger.warn(
        'Messages are kept in memory and forgotten at exit. Set storage.url (DATABASE_URL) to a file to keep them.',
      );
    }
    exploreHandlers(this.discovery, this.handlers, this.logger);
    for (const worker of this.workers) worker.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.stop()));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.db.destroy();
  }

  private get workers() {
    return [this.inbound, this.outbound, this.statuses];
  }
}
