import type { INestApplication, ModuleMetadata, NestApplicationOptions } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import type { AddressInfo } from 'node:net';

/** The platforms that the library promises to run on. */
export const platforms = ['express', 'fastify'] as const;
export type Platform = (typeof platforms)[number];

export interface HostApp {
  readonly app: INestApplication;
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  close(): Promise<void>;
}

export interface HostAppOptions extends ModuleMetadata {
  readonly platform?: Platform;
  readonly nest?: NestApplicationOptions;
  /** What a host does to its app before it listens: prefix, pipes, guards. */
  readonly prepare?: (app: INestApplication) => void | Promise<void>;
  /** The port must be known beforehand where URLs are signed over it. */
  readonly port?: number;
}

/** A Nest application of a user, listening on loopback. */
export async function startHostApp(options: HostAppOptions): Promise<HostApp> {
  const { platform = 'express', nest, prepare, port = 0, ...metadata } = options;
  const moduleRef = await Test.createTestingModule(metadata).compile();
  const adapter = platform === 'express' ? new ExpressAdapter() : new FastifyAdapter();
  const app = moduleRef.createNestApplication(adapter, { logger: false, rawBody: true, ...nest });
  await prepare?.(app);
  await app.listen(port, '127.0.0.1');
  const { port: actual } = app.getHttpServer().address() as AddressInfo;
  return { app, url: `http://127.0.0.1:${actual}`, close: () => app.close() };
}
