import { type DynamicModule, Module, type ModuleMetadata } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { WhatsappTwilioModule } from '../whatsapp-twilio/whatsapp-twilio.module';
import { HealthController } from './health.controller';
import type { ServiceConfiguration } from './service-configuration';
import { SERVICE_ENVIRONMENT } from './service.tokens';

/** The standalone service: the module, and what surrounds it. */
@Module({})
export class ServiceModule {
  /** @param imports Modules with handlers of your own. */
  static with(configuration: ServiceConfiguration, imports: ModuleMetadata['imports'] = []): DynamicModule {
    return {
      module: ServiceModule,
      imports: [
        // As they are, since they remember the files that secrets came from.
        WhatsappTwilioModule.forRootAsync({ useFactory: () => configuration.whatsapp, isGlobal: true }),
        TerminusModule.forRoot({ logger: false }),
        ...imports,
      ],
      providers: [{ provide: SERVICE_ENVIRONMENT, useValue: configuration.service }],
      controllers: [HealthController],
    };
  }
}
