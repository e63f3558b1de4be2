// An app of a user, compiled and run by scripts/test-hosts.mjs as a CommonJS and as an ES module, on NestJS 11 and 12.
// It ends by itself with code 0 once its reply was delivered and the delivery was reported to it.
import 'reflect-metadata';
import { type AbstractHttpAdapter, NestFactory } from '@nestjs/core';
import { type DynamicModule, Injectable, Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
import {
  OnWhatsappMessage,
  OnWhatsappStatus,
  type StatusUpdate,
  type WhatsappMessage,
  WhatsappTwilioHealthIndicator,
  WhatsappTwilioModule,
} from 'nestjs-whatsapp-twilio';
import { TwilioEmulator } from 'nestjs-whatsapp-twilio/emulator';
import { inbound, signWebhook } from 'nestjs-whatsapp-twilio/testing';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

let report: (update: StatusUpdate) => void;
const delivered = new Promise<StatusUpdate>((resolve) => (report = resolve));

@Injectable()
class Concierge {
  @OnWhatsappMessage('text')
  greet(message: WhatsappMessage<'text'>) {
    return `Hello ${message.profileName}`;
  }

  @OnWhatsappStatus('delivered')
  follow(update: StatusUpdate) {
    report(update);
  }
}

@Module({})
class AppModule {
  /** Made after the environment was set, which `forRoot()` without options reads. */
  static create(): DynamicModule {
    return {
      module: AppModule,
      imports: [ConfigModule.forRoot(), WhatsappTwilioModule.forRoot(), TerminusModule.forRoot({ logger: false })],
      providers: [Concierge],
    };
  }
}

async function main(platform: string | undefined): Promise<void> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const webhook = `${url}/webhooks/whatsapp/twilio`;
  const twilio = await TwilioEmulator.start({ webhookUrl: webhook, statusDelayMs: 1 });
  Object.assign(process.env, {
    TWILIO_ACCOUNT_SID: twilio.accountSid,
    TWILIO_AUTH_TOKEN: twilio.authToken,
    WHATSAPP_FROM_NUMBER: twilio.sender,
    TWILIO_API_BASE_URL: twilio.url,
    PUBLIC_URL: url,
  });

  const app = await NestFactory.create(AppModule.create(), await adapterOf(platform), {
    rawBody: true,
    logger: ['error', 'fatal'],
  });
  await app.listen(port, '127.0.0.1');

  const phone = twilio.phone('+15551230001', { profileName: 'Ana' });
  assert.equal((await phone.sends('hi')).status, 200);
  await phone.receives('Hello Ana');
  assert.equal((await delivered).to.value, '+15551230001');

  const indicator = app.get(WhatsappTwilioHealthIndicator);
  const health = await app.get(HealthCheckService).check([() => indicator.isHealthy()]);
  assert.deepEqual(health.details, { twilio: { status: 'up' } });

  const params = inbound.text({ AccountSid: twilio.accountSid, To: twilio.sender, From: phone.address });
  assert.equal(await post(signWebhook({ url: webhook, params, authToken: 'of somebody else' })), 403);
  assert.equal(await post(signWebhook({ url: webhook, params, authToken: twilio.authToken })), 200);
  await phone.receives(`Hello ${params['ProfileName']}`);

  await twilio.settles();
  await app.close();
  await twilio.stop();
}

async function adapterOf(platform: string | undefined): Promise<AbstractHttpAdapter> {
  if (platform === 'fastify') return new (await import('@nestjs/platform-fastify')).FastifyAdapter();
  return new (await import('@nestjs/platform-express')).ExpressAdapter();
}

async function post({ url, headers, body }: ReturnType<typeof signWebhook>): Promise<number> {
  return (await fetch(url, { method: 'POST', headers, body })).status;
}

/** A port that is free now: status callbacks name it before the app listens. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

main(process.argv[2]).catch((error: unknown) => {
  process.stderr.write(`${String((error as Error).stack ?? error)}\n`);
  process.exit(1);
});
