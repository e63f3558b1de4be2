// The app whose tokens are rotated: the module, told what to do over IPC.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
require('reflect-metadata');
const { Module } = require('@nestjs/common');
const { NestFactory } = require('@nestjs/core');
const { FastifyAdapter } = require('@nestjs/platform-fastify');
const { ConnectionRotations, Connections, OutboundService, WhatsappTwilioModule } = require('../../dist/index.js');

class App {}
Module({ imports: [WhatsappTwilioModule.forRoot(JSON.parse(process.env.MODULE_OPTIONS))] })(App);
const app = await NestFactory.create(App, new FastifyAdapter(), { rawBody: true, logger: ['error', 'fatal'] });
app.enableShutdownHooks(undefined, { useProcessExit: true });
await app.listen(Number(process.env.PORT), '127.0.0.1');

const services = {
  connections: app.get(Connections),
  rotations: app.get(ConnectionRotations),
  outbound: app.get(OutboundService),
};
process.on('message', ({ call, service, method, args }) => {
  services[service][method](...args).then(
    (result) => process.send({ call, result }),
    (error) => process.send({ call, error: `${error.name}: ${error.message}` }),
  );
});
process.send({ ready: true });
