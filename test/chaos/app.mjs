// The app that is killed: the module with a bot that answers each message with its SID.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
require('reflect-metadata');
const { Module } = require('@nestjs/common');
const { NestFactory } = require('@nestjs/core');
const { FastifyAdapter } = require('@nestjs/platform-fastify');
const { OnWhatsappMessage, WhatsappTwilioModule } = require('../../dist/index.js');

class Bot {
  answer({ sid }) {
    return `re ${sid}`;
  }
}
OnWhatsappMessage('text')(Bot.prototype, 'answer', Object.getOwnPropertyDescriptor(Bot.prototype, 'answer'));

class App {}
const port = Number(process.env.PORT);
Module({
  imports: [
    WhatsappTwilioModule.forRoot({
      ...JSON.parse(process.env.MODULE_OPTIONS),
      publicUrl: `http://127.0.0.1:${port}`,
    }),
  ],
  providers: [Bot],
})(App);

const app = await NestFactory.create(App, new FastifyAdapter(), { rawBody: true, logger: ['error', 'fatal'] });
app.enableShutdownHooks(undefined, { useProcessExit: true });
await app.listen(port, '127.0.0.1');
process.send?.('ready');
