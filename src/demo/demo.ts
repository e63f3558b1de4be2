import { Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TwilioEmulator } from '../emulator';
import { createService } from '../service/create-service';
import { OutboundService } from '../whatsapp-twilio/outbound/outbound.service';
import { Concierge } from './concierge';
import { DEMO_TEMPLATE } from './demo.tokens';

const HOST = '127.0.0.1';

export interface Demo {
  readonly twilio: TwilioEmulator;
  readonly concierge: Concierge;
  readonly outbound: OutboundService;
  readonly serviceUrl: string;
  stop(): Promise<void>;
}

/** A local Twilio, the service with a bot, and a database file of their own; all on loopback, all made up. */
export async function startDemo(ports: { emulator: number; service: number }): Promise<Demo> {
  const folder = mkdtempSync(join(tmpdir(), 'whatsapp-twilio-demo-'));
  const twilio = await TwilioEmulator.start({ port: ports.emulator });
  const app = await startService(twilio, join(folder, 'demo.db'), ports.service);
  const serviceUrl = await app.getUrl();
  twilio.webhook({ url: `${serviceUrl}/webhooks/whatsapp/twilio` });
  return {
    twilio,
    concierge: app.get(Concierge, { strict: false }),
    outbound: app.get(OutboundService, { strict: false }),
    serviceUrl,
    async stop() {
      await app.close();
      await twilio.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function startService(twilio: TwilioEmulator, file: string, port: number): Promise<NestFastifyApplication> {
  const contentSid = twilio.content({
    friendlyName: 'welcome',
    types: {
      'twilio/quick-reply': {
        body: 'Hello {{1}}, welcome to the *Blue Whale*. What can we do for you?',
        actions: [
          { title: 'Book a table', id: 'book' },
          { title: 'Opening hours', id: 'hours' },
        ],
      },
    },
  });

  @Module({ providers: [Concierge, { provide: DEMO_TEMPLATE, useValue: contentSid }] })
  class RestaurantModule {}

  const app = await createService(
    {
      service: {
        host: HOST,
        port,
        trustProxy: false,
        logLevel: 'error',
        logFormat: 'text',
        isTwilioCritical: false,
        shutdownDelayMs: 0,
        apiKeys: 'none',
        apiRateLimitRpm: 600,
        forwardEndpoints: [],
        mayForwardPrivately: false,
      },
      whatsapp: {
        accountSid: twilio.accountSid,
        authToken: twilio.authToken,
        fromNumber: twilio.sender,
        apiBaseUrl: twilio.url,
        publicUrl: `http://${HOST}:${port}`,
        storage: { url: `sqlite:${file}` },
      },
    },
    [RestaurantModule],
  );
  await app.listen(port, HOST);
  return app;
}
