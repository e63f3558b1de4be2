import { ConfigurableModuleBuilder, type Provider } from '@nestjs/common';
import type { ConnectionProviderSource } from './connections/connection-provider';
import { createInboundController } from './inbound/inbound.controller';
import { CONNECTION_PROVIDER, WEBHOOK_PATH } from './tokens';
import {
  defaultWebhookPath,
  type WhatsappTwilioModuleExtras,
  type WhatsappTwilioModuleOptions,
} from './whatsapp-twilio.options';

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<WhatsappTwilioModuleOptions>({ moduleName: 'WhatsappTwilio' })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createWhatsappTwilioOptions')
    .setExtras<WhatsappTwilioModuleExtras>(
      { isGlobal: false, path: defaultWebhookPath, decorators: [], connections: undefined },
      (definition, { isGlobal, path = defaultWebhookPath, decorators = [], connections }) => ({
        ...definition,
        global: isGlobal ?? false,
        controllers: path === false ? [] : [createInboundController(path, decorators)],
        providers: [
          ...(definition.providers ?? []),
          { provide: WEBHOOK_PATH, useValue: path },
          connectionProvider(connections),
        ],
      }),
    )
    .build();

/** Without one of the host's there is none. */
function connectionProvider(source: ConnectionProviderSource | undefined): Provider {
  if (typeof source === 'function') return { provide: CONNECTION_PROVIDER, useClass: source };
  if (source !== undefined && 'useFactory' in source) {
    return { provide: CONNECTION_PROVIDER, inject: [...(source.inject ?? [])], useFactory: source.useFactory };
  }
  return { provide: CONNECTION_PROVIDER, useValue: source };
}
