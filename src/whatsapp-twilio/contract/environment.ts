import { ConfigService } from '@nestjs/config';
import { readFileSync } from 'node:fs';
import type { WhatsappTwilioModuleOptions } from '../whatsapp-twilio.options';
import type { SecretFiles } from './secret-files';
import type { ConfigProblem } from './whatsapp-twilio-config.error';

/** Every variable the module reads. `secret` ones can also be given as a file, by `NAME_FILE`. */
export const moduleVariables = {
  TWILIO_ACCOUNT_SID: { secret: true },
  TWILIO_AUTH_TOKEN: { secret: true },
  TWILIO_AUTH_TOKEN_SECONDARY: { secret: true },
  TWILIO_API_KEY_SID: { secret: true },
  TWILIO_API_KEY_SECRET: { secret: true },
  WHATSAPP_FROM_NUMBER: { secret: false },
  TWILIO_MESSAGING_SERVICE_SID: { secret: false },
  TWILIO_API_BASE_URL: { secret: false },
  PUBLIC_URL: { secret: false },
  DATABASE_URL: { secret: true },
  SPOOL_PATH: { secret: false },
  WHATSAPP_RATE_LIMIT_RPM: { secret: false },
  WHATSAPP_RETENTION_DAYS: { secret: false },
  ENCRYPTION_KEYS: { secret: true },
} as const satisfies Record<string, { secret: boolean }>;

export type ModuleVariable = keyof typeof moduleVariables;

/** Gives the value of a variable. */
export type ReadVariable = (name: string) => string | undefined;

/** The options that the environment gives, not validated yet, and what was wrong with the reading itself. */
export interface EnvironmentOptions {
  readonly options: WhatsappTwilioModuleOptions;
  readonly problems: readonly ConfigProblem[];
}

/** Reads the module's variables. An empty one counts as not set, as compose files write it. */
export function readEnvironment(read: ReadVariable = configServiceReader()): EnvironmentOptions {
  const problems: ConfigProblem[] = [];
  const value = (name: ModuleVariable) => readVariable(name, moduleVariables[name].secret, read, problems);

  const [primary, secondary] = [value('TWILIO_AUTH_TOKEN'), value('TWILIO_AUTH_TOKEN_SECONDARY')];
  const apiKey = { sid: value('TWILIO_API_KEY_SID'), secret: value('TWILIO_API_KEY_SECRET') };
  const [databaseUrl, spoolPath] = [value('DATABASE_URL'), value('SPOOL_PATH')];
  const rpm = value('WHATSAPP_RATE_LIMIT_RPM');
  const retentionDays = value('WHATSAPP_RETENTION_DAYS');
  const options = withoutUndefined({
    accountSid: value('TWILIO_ACCOUNT_SID'),
    authToken: secondary === undefined ? primary : [primary, secondary],
    apiKey: apiKey.sid === undefined && apiKey.secret === undefined ? undefined : apiKey,
    fromNumber: value('WHATSAPP_FROM_NUMBER'),
    messagingServiceSid: value('TWILIO_MESSAGING_SERVICE_SID'),
    apiBaseUrl: value('TWILIO_API_BASE_URL'),
    publicUrl: list(value('PUBLIC_URL')),
    storage:
      databaseUrl === undefined && spoolPath === undefined
        ? undefined
        : withoutUndefined({ url: databaseUrl, spoolPath }),
    rateLimit: rpm === undefined ? undefined : { rpm: toNumber(rpm) },
    encryptionKeys: list(value('ENCRYPTION_KEYS')),
    retention: retentionDays === undefined ? undefined : { contentDays: toNumber(retentionDays) },
  });
  // What is missing or malformed is for validation to say, so the shape is only claimed here.
  return { options: options as unknown as WhatsappTwilioModuleOptions, problems };
}

/** The files that secrets are read from, and how to read them again when they change. */
export function secretFilesIn(read: ReadVariable = configServiceReader()): SecretFiles {
  const secrets = Object.entries(moduleVariables).filter(([, { secret }]) => secret);
  const paths = secrets
    .map(([name]) => read(`${name}_FILE`)?.trim())
    .filter((path) => path !== undefined && path !== '');
  return { paths: paths as string[], read: () => readEnvironment(read) };
}

/** One variable, or what the file holds that `NAME_FILE` names; surrounding white space of a file is dropped. */
export function readVariable(
  name: string,
  secret: boolean,
  read: ReadVariable,
  problems: ConfigProblem[],
): string | undefined {
  const direct = read(name)?.trim() || undefined;
  const file = secret ? read(`${name}_FILE`)?.trim() || undefined : undefined;
  if (file === undefined) return direct;
  if (direct !== undefined) {
    problems.push({ name, message: `and ${name}_FILE are both set. Set one of them.` });
    return undefined;
  }
  try {
    const content = readFileSync(file, 'utf8').trim();
    if (content !== '') return content;
    problems.push({ name: `${name}_FILE`, message: 'names a file that is empty.' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    problems.push({ name: `${name}_FILE`, message: `names a file that cannot be read (${code ?? 'unknown error'}).` });
  }
  return undefined;
}

/** Nest's own way to the environment: what ConfigModule put there from `.env` included. */
export function configServiceReader(): ReadVariable {
  const config = new ConfigService<Record<string, string>>();
  return (name) => config.get(name);
}

function list(value: string | undefined): string[] | undefined {
  return value
    ?.split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** Text that is no number becomes NaN, which validation refuses by name. */
function toNumber(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : Number.NaN;
}

function withoutUndefined(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
