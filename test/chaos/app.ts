// A process of the app: the module with a bot. It is told when to run and what to send, and tells what its handler was
// given.
import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  OnWhatsappMessage,
  type OutboundMessageInput,
  OutboundService,
  type WhatsappMessage,
  WhatsappTwilioModule,
  type WhatsappTwilioModuleOptions,
} from 'nestjs-whatsapp-twilio';
import type { AppCommand, AppReport } from './app-process';

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

@Module({ providers: [Bot] })
class App {}

let app: NestFastifyApplication;

async function act(command: AppCommand): Promise<void> {
  switch (command.kind) {
    case 'run':
      await run(command.port, command.options);
      return tell({ kind: 'ready' });
    case 'send':
      return send(command.id, command.messages);
    case 'rest':
      await app.close();
      return tell({ kind: 'resting' });
  }
}

async function run(port: number, options: WhatsappTwilioModuleOptions): Promise<void> {
  const module = { module: App, imports: [WhatsappTwilioModule.forRoot(options)] };
  app = await NestFactory.create<NestFastifyApplication>(module, new FastifyAdapter(), {
    rawBody: true,
    logger: ['error', 'fatal'],
  });
  app.enableShutdownHooks(undefined, { useProcessExit: true });
  await app.listen(port, '127.0.0.1');
}

async function send(id: number, messages: readonly OutboundMessageInput[]): Promise<void> {
  const outbound = app.get(OutboundService);
  try {
    await Promise.all(messages.map((message) => outbound.send(message)));
    tell({ kind: 'queued', id });
  } catch (error) {
    tell({ kind: 'queued', id, error: String(error) });
  }
}

function tell(report: AppReport): void {
  if (process.connected) process.send!(report);
}

process.on('disconnect', () => process.exit()); // whoever started it is gone
process.on('message', (command: AppCommand) => void act(command));
