import { type DynamicModule, Module, type ModuleMetadata } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import type { Runtime } from '../whatsapp-twilio/runtime';
import type { Database } from '../whatsapp-twilio/storage/database';
import { DATABASE, RUNTIME } from '../whatsapp-twilio/tokens';
import { overriding, rememberSecretFiles, secretFilesOf } from '../whatsapp-twilio/contract/secret-files';
import type { EventOptions, WhatsappTwilioModuleOptions } from '../whatsapp-twilio/whatsapp-twilio.options';
import { WhatsappTwilioModule } from '../whatsapp-twilio/whatsapp-twilio.module';
import { ThrottlerModule } from '@nestjs/throttler';
import { ConnectionsController } from './api/connections.controller';
import { ConversationsController } from './api/conversations.controller';
import { DeadLettersController } from './api/dead-letters.controller';
import { InboundMessagesController } from './api/inbound-messages.controller';
import { MessagesController } from './api/messages.controller';
import { UsageStorage } from './auth/usage-storage';
import { JourneyLog } from './logging/journey-log';
import { MetricsController } from './metrics/metrics.controller';
import { Metrics } from './metrics/metrics.service';
import { Queues } from './metrics/queues';
import { DocsController } from './openapi/docs.controller';
import { Drain } from './probes/drain';
import { HealthController } from './probes/health.controller';
import type { ServiceConfiguration } from './service-configuration';
import { EventsController } from './events/events.controller';
import { Forwarder } from './events/forwarder';
import { Forwarders } from './events/forwarders';
import { FORWARDERS, SERVICE_ENVIRONMENT } from './service.tokens';

const MINUTE_MS = 60_000;

/** As the options are, files that secrets come from included, with those who are told of events. */
function withEvents(options: WhatsappTwilioModuleOptions, events: EventOptions): WhatsappTwilioModuleOptions {
  return rememberSecretFiles({ ...options, events }, overriding(secretFilesOf(options), { events }));
}

/** The standalone service: the module, and what surrounds it. */
@Module({})
export class ServiceModule {
  /** @param imports Modules with handlers of your own. */
  static with(configuration: ServiceConfiguration, imports: ModuleMetadata['imports'] = []): DynamicModule {
    const { service, whatsapp } = configuration;
    const forwarders = service.forwardEndpoints.map((endpoint) => new Forwarder(endpoint, service.mayForwardPrivately));
    const events = {
      log: true,
      ...whatsapp.events,
      subscribers: [...(whatsapp.events?.subscribers ?? []), ...forwarders],
    };
    return {
      module: ServiceModule,
      imports: [
        // As they are, since they remember the files that secrets came from.
        WhatsappTwilioModule.forRootAsync({ useFactory: () => withEvents(whatsapp, events), isGlobal: true }),
        TerminusModule.forRoot({ logger: false }),
        ThrottlerModule.forRootAsync({
          inject: [DATABASE, RUNTIME],
          useFactory: (db: Database, { clock }: Runtime) => ({
            throttlers: [{ ttl: MINUTE_MS, limit: service.apiRateLimitRpm }],
            storage: new UsageStorage(db, clock),
          }),
        }),
        ...imports,
      ],
      providers: [
        { provide: SERVICE_ENVIRONMENT, useValue: service },
        { provide: FORWARDERS, useValue: forwarders },
        Forwarders,
        JourneyLog,
        Metrics,
        Queues,
        Drain,
      ],
      controllers: [
        HealthController,
        MessagesController,
        InboundMessagesController,
        ConversationsController,
        DeadLettersController,
        ConnectionsController,
        EventsController,
        MetricsController,
        DocsController,
      ],
    };
  }
}
