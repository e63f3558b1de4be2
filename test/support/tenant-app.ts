// An app that can store connections, in a process of its own: it does what it is told over IPC.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ConnectionRotations, Connections, OutboundService, WhatsappTwilioModule } from 'nestjs-whatsapp-twilio';
import type { WhatsappTwilioModuleOptions } from 'nestjs-whatsapp-twilio';
import type { Signals } from '../../src/whatsapp-twilio/signals';
import { SIGNALS } from '../../src/whatsapp-twilio/tokens';
import type { TenantAppCall, TenantAppReport } from './tenant-process';

const { port, options } = JSON.parse(process.env['TENANT_APP']!) as {
  port: number;
  options: WhatsappTwilioModuleOptions;
};

@Module({ imports: [WhatsappTwilioModule.forRoot(options)] })
class App {}

async function main(): Promise<void> {
  process.on('disconnect', () => process.exit()); // whoever started it is gone
  const app = await NestFactory.create(App, new FastifyAdapter(), { rawBody: true, logger: ['error', 'fatal'] });
  const services = {
    connections: app.get(Connections),
    rotations: app.get(ConnectionRotations),
    outbound: app.get(OutboundService),
  };
  const { connections, rotations, statuses } = app.get<Signals>(SIGNALS, { strict: false });
  for (const signal of [connections, rotations, statuses]) signal.on(() => tell({ kind: 'changed' }));
  process.on('message', ({ id, service, method, args }: TenantAppCall) => {
    const act = services[service] as unknown as Record<string, (...args: readonly unknown[]) => Promise<unknown>>;
    act[method]!(...args).then(
      (result) => tell({ kind: 'answer', id, result }),
      (error: unknown) => tell({ kind: 'answer', id, error: String(error) }),
    );
  });
  await app.listen(port, '127.0.0.1');
  tell({ kind: 'ready' });
}

function tell(report: TenantAppReport): void {
  if (process.connected) process.send!(report);
}

void main();
