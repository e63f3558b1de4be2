import { ConfigurableModuleBuilder } from '@nestjs/common';
import { createInboundController } from './inbound/inbound.controller';
import { WEBHOOK_PATH } from './tokens';
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
      { isGlobal: false, path: defaultWebhookPath, decorators: [] },
      (definition, { isGlobal, path = defaultWebhookPath, decorators = [] }) => ({
        ...definition,
        global: isGlobal ?? false,
        controllers: path === false ? [] : [createInboundController(path, decorators)],
        providers: [...(definition.providers ?? []), { provide: WEBHOOK_PATH, useValue: path }],
      }),
    )
    .build();
