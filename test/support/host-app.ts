import type { INestApplication, ModuleMetadata, NestApplicationOptions } from '@nestjs/common';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
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
  /** Whether forwarded headers are believed; the way to say so is the platform's own. */
  readonly trustProxy?: boolean;
  /** Providers to replace, by token. */
  readonly overrides?: readonly (readonly [token: unknown, value: unknown])[];
}

/** A Nest application of a user, listening on loopback. */
export async function startHostApp(options: HostAppOptions): Promise<HostApp> {
  const { platform = 'express', nest, prepare, port = 0, trustProxy, overrides = [], ...metadata } = options;
  const builder = Test.createTestingModule(metadata);
  for (const [token, value] of overrides) builder.overrideProvider(token).useValue(value);
  const moduleRef = await builder.compile();
  const adapter =
    platform === 'express' ? new ExpressAdapter() : new FastifyAdapter({ trustProxy: trustProxy ?? false });
  const app = moduleRef.createNestApplication(adapter, { logger: false, rawBody: true, ...nest });
  if (platform === 'express' && trustProxy) (app as NestExpressApplication).set('trust proxy', true);
  await prepare?.(app);
  await app.listen(port, '127.0.0.1');
  const { port: actual } = app.getHttpServer().address() as AddressInfo;
  return { app, url: `http://127.0.0.1:${actual}`, close: () => app.close() };
}
