import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { createService } from './create-service';
import { loadDotEnv, readServiceConfiguration } from './service-configuration';

async function main(): Promise<void> {
  loadDotEnv();
  const configuration = readServiceConfiguration();
  const { host, port } = configuration.service;
  const app = await createService(configuration);
  app.enableShutdownHooks(undefined, { useProcessExit: true });
  await app.listen(port, host);
  new Logger('Service').log(`Listening on ${await app.getUrl()}; the webhook is POST /webhooks/whatsapp/twilio`);
}

main().catch((error: unknown) => {
  // What has to change outside of the program is for people: no stack.
  const isForPeople = ['CONFIG_INVALID', 'STORAGE_UNREACHABLE'].includes((error as { code?: string }).code ?? '');
  process.stderr.write(`${isForPeople ? (error as Error).message : ((error as Error).stack ?? String(error))}\n`);
  process.exitCode = 1;
});
