import { existsSync } from 'node:fs';
import {
  configServiceReader,
  readEnvironment,
  type ReadVariable,
  secretFilesIn,
} from '../whatsapp-twilio/contract/environment';
import { rememberSecretFiles } from '../whatsapp-twilio/contract/secret-files';
import { validateOptions } from '../whatsapp-twilio/contract/validate-options';
import type { ConfigProblem } from '../whatsapp-twilio/contract/whatsapp-twilio-config.error';
import type { WhatsappTwilioModuleOptions } from '../whatsapp-twilio/whatsapp-twilio.options';
import { readServiceEnvironment, type ServiceEnvironment } from './service-environment';

/** The service's storage, unless `DATABASE_URL` says otherwise. */
export const defaultStorageUrl = 'sqlite:./data/whatsapp.db';

export interface ServiceConfiguration {
  readonly service: ServiceEnvironment;
  readonly whatsapp: WhatsappTwilioModuleOptions;
}

/**
 * Everything the service is told by its environment.
 *
 * @throws WhatsappTwilioConfigError with every variable that has to change, the module's and the service's alike.
 */
export function readServiceConfiguration(read: ReadVariable = configServiceReader()): ServiceConfiguration {
  const problems: ConfigProblem[] = [];
  const service = readServiceEnvironment(read, problems);
  const environment = readEnvironment(read);
  const whatsapp = { storage: { url: defaultStorageUrl }, ...environment.options };
  validateOptions(whatsapp, [...environment.problems, ...problems]);
  return { service, whatsapp: rememberSecretFiles(whatsapp, secretFilesIn(read)) };
}

/** In development a file `.env` may set what the environment does not; in production it is not looked at. */
export function loadDotEnv(): void {
  if (process.env['NODE_ENV'] !== 'production' && existsSync('.env')) process.loadEnvFile('.env');
}
