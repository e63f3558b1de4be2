import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { createService } from './create-service';
import { loadDotEnv, readServiceConfiguration } from './service-configuration';

/** Runs the service as the environment says, until it is told to end. */
export async function start(): Promise<void> {
  loadDotEnv();
  const configuration = readServiceConfiguration();
  const { host, port } = configuration.service;
  const app = await createService(configuration);
  app.enableShutdownHooks(undefined, { useProcessExit: true });
  await app.listen(port, host);
  new Logger('Service').log(`Listening on ${await app.getUrl()}; the webhook is POST /webhooks/whatsapp/twilio`);
}
