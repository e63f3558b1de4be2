import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { createService } from './create-service';
import { ListenError } from './listen.error';
import { loadDotEnv, readServiceConfiguration } from './service-configuration';

/** Runs the service as the environment says, until it is told to end. */
export async function start(): Promise<void> {
  loadDotEnv();
  const configuration = readServiceConfiguration();
  const { host, port } = configuration.service;
  const app = await createService(configuration);
  app.enableShutdownHooks(undefined, { useProcessExit: true });
  try {
    await app.listen(port, host);
  } catch (error) {
    // By now the app sends what waits in the storage: nobody would know that it does.
    await app.close();
    throw new ListenError(host, port, error as NodeJS.ErrnoException);
  }
  const logger = new Logger('Service');
  const { apiKeys } = configuration.service;
  for (const { name } of apiKeys === 'none' ? [] : apiKeys.filter(({ isShort }) => isShort)) {
    logger.warn(
      `The secret of the API key ${name} is short enough to be guessed: \`openssl rand -hex 24\` makes one that is not.`,
    );
  }
  if (apiKeys === 'none') logger.warn('Everyone who reaches this service may use its API (API_AUTH=none).');
  logger.log(`Listening on ${await app.getUrl()}; the webhook is POST /webhooks/whatsapp/twilio`);
}
