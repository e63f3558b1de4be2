// A process of the app: the module with a bot. It is told what to send, and tells what its handler was given.
import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  OnWhatsappMessage,
  OutboundService,
  type WhatsappMessage,
  WhatsappTwilioModule,
  type WhatsappTwilioModuleOptions,
} from 'nestjs-whatsapp-twilio';
import type { AppReport, AppRequest } from './app-process';

/** A user who writes this has the handler fail, or never come back. */
const MISFORTUNES: Readonly<Record<string, () => Promise<never>>> = {
  throw: () => Promise.reject(new Error('as the user asked')),
  hang: () => new Promise(() => {}),
};

@Injectable()
class Bot {
  @OnWhatsappMessage('text')
  async answer({ sid, text }: WhatsappMessage<'text'>): Promise<string> {
    tell({ kind: 'handled', sid });
    await MISFORTUNES[text]?.();
    return `re ${sid}`;
  }
}

const { port, options } = JSON.parse(process.env['CHAOS_APP']!) as {
  port: number;
  options: WhatsappTwilioModuleOptions;
};

@Module({ imports: [WhatsappTwilioModule.forRoot(options)], providers: [Bot] })
class App {}

async function main(): Promise<void> {
  process.on('disconnect', () => process.exit()); // whoever started it is gone
  const app = await NestFactory.create<NestFastifyApplication>(App, new FastifyAdapter(), {
    rawBody: true,
    logger: ['error', 'fatal'],
  });
  app.enableShutdownHooks(undefined, { useProcessExit: true });
  process.on('message', ({ id, messages }: AppRequest) => {
    const outbound = app.get(OutboundService);
    void Promise.all(messages.map((message) => outbound.send(message))).then(
      () => tell({ kind: 'queued', id }),
      (error: unknown) => tell({ kind: 'queued', id, error: String(error) }),
    );
  });
  await app.listen(port, '127.0.0.1');
  tell({ kind: 'ready' });
}

function tell(report: AppReport): void {
  if (process.connected) process.send!(report);
}

void main();
