import type { ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { IncomingMessage } from 'node:http';
import { newId } from '../common/ids';
import { allowedMethods } from './http/allowed-methods';
import { conditionalGet } from './http/conditional-get';
import { QuietConnections } from './http/quiet-connections';
import { refuseAddress, refuseBytes } from './http/refusals';
import { logRequest } from './logging/request-log';
import { requestContext } from './logging/request-context';
import { ServiceLogger } from './logging/service-logger';
import { Metrics } from './metrics/metrics.service';
import { createApiDocument } from './openapi/document';
import { DocsController } from './openapi/docs.controller';
import { Drain } from './probes/drain';
import { ProblemDetailsFilter } from './problems/problem-details.filter';
import { createValidationPipe } from './problems/validation.pipe';
import type { ServiceConfiguration } from './service-configuration';
import { ServiceModule } from './service.module';

/** Far above any webhook of Twilio's, far below what would hurt. */
const BODY_LIMIT_BYTES = 1024 * 1024;

/** For a request to arrive whole. */
const REQUEST_TIMEOUT_MS = 30_000;

const SANE_REQUEST_ID = /^[\w.:-]{1,128}$/;

/** The service, ready to listen. `imports` are modules with handlers of your own. */
export async function createService(
  configuration: ServiceConfiguration,
  imports: ModuleMetadata['imports'] = [],
): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_LIMIT_BYTES,
    trustProxy: configuration.service.trustProxy,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // Requests that still arrive while the service drains are served.
    return503OnClosing: false,
    frameworkErrors: refuseAddress,
    clientErrorHandler: refuseBytes(newId),
    genReqId: ({ headers }: IncomingMessage) => {
      const given = headers['x-request-id'];
      return typeof given === 'string' && SANE_REQUEST_ID.test(given) ? given : newId();
    },
  });
  const app = await NestFactory.create<NestFastifyApplication>(ServiceModule.with(configuration, imports), adapter, {
    rawBody: true,
    abortOnError: false,
    logger: new ServiceLogger(configuration.service),
  });
  const drain = app.get(Drain);
  adapter.getInstance().addHook('onRequest', (request, reply, done) => {
    void reply.header('x-request-id', request.id);
    if (!request.url.startsWith('/health/')) drain.requested();
    requestContext.run({ requestId: request.id }, done);
  });
  const metrics = app.get(Metrics);
  adapter.getInstance().addHook('onResponse', (request, reply, done) => {
    metrics.answered(request, reply);
    logRequest(request, reply);
    done();
  });
  adapter.getInstance().addHook('onSend', (_request, reply, payload, done) => {
    if (drain.isUnderWay) void reply.header('connection', 'close');
    done(null, payload);
  });
  adapter.getInstance().addHook('onSend', conditionalGet);
  const connections = new QuietConnections(adapter.getHttpServer());
  adapter.getInstance().addHook('preClose', (done: () => void) => {
    // After this turn the server takes no more connections.
    setImmediate(() => connections.end());
    done();
  });
  const document = createApiDocument(app);
  app.useGlobalFilters(new ProblemDetailsFilter(allowedMethods(document.paths)));
  app.useGlobalPipes(createValidationPipe());
  app.get(DocsController).show(document);
  return app;
}
