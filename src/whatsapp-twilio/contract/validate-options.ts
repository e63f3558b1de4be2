import { validateSync } from 'class-validator';
import { parseAddress, type Address } from '../messages/address';
import type {
  EventOptions,
  HandlerOptions,
  OptOutOptions,
  ReconciliationOptions,
  RetentionOptions,
  RotationOptions,
  TwilioApiKey,
  WhatsappTwilioModuleOptions,
} from '../whatsapp-twilio.options';
import type { EventSubscriber } from '../events/event';
import { defaultOptOutKeywords, type OptOutKeywords } from '../messages/opt-out-keywords';
import { type EncryptionKey, parseEncryptionKey } from './encryption-key';
import { hideSecrets } from './hide-secrets';
import { defaultRateLimitRpm, twilioApiBaseUrl } from './messaging.whatsapp.twilio';
import { optionNames } from './option-names';
import { WhatsappTwilioConfig, WhatsappTwilioSecrets } from './whatsapp-twilio-config.class';
import { type ConfigProblem, WhatsappTwilioConfigError } from './whatsapp-twilio-config.error';

/** The options after validation, with every default filled in. Printing them shows no secret. */
export interface WhatsappTwilioSettings {
  readonly connectionId: string;
  readonly accountSid: string;
  readonly authTokens: readonly string[];
  readonly apiKey?: TwilioApiKey;
  readonly from?: Address;
  readonly messagingServiceSid?: string;
  readonly publicUrls: readonly string[];
  readonly storageUrl: string;
  readonly spoolPath?: string;
  readonly rateLimitRpm: number;
  readonly apiBaseUrl: string;
  readonly reconciliation: { readonly settleAfterMs: number; readonly giveUpAfterMs: number };
  readonly retention: RetentionOptions;
  readonly optOutKeywords: OptOutKeywords;
  readonly events: { readonly log: boolean; readonly subscribers: readonly EventSubscriber[] };
  /** The first encrypts, all decrypt. */
  readonly encryptionKeys: readonly EncryptionKey[];
  readonly rotation: { readonly promoteAfterMs: number; readonly overlapMs: number };
  readonly handlers: {
    readonly concurrency: number;
    readonly timeoutMs: number;
    readonly maxAttempts: number;
    readonly retryDelayMs: number;
  };
}

export const memoryStorageUrl = 'sqlite::memory:';

/**
 * Checks the options and fills in the defaults.
 *
 * @throws WhatsappTwilioConfigError that lists every problem at once and prints no value.
 */
export function validateOptions(
  options: WhatsappTwilioModuleOptions,
  readingProblems: readonly ConfigProblem[] = [],
): WhatsappTwilioSettings {
  if (!isRecord(options)) throw new WhatsappTwilioConfigError([{ name: 'options', message: 'must be an object.' }]);
  const { config, secrets } = toClasses(options);
  const found = [...missing(options), ...unknownOptions(options), ...problemsOf(secrets), ...problemsOf(config)];
  const problems = [...readingProblems, ...found.filter(({ name }) => !couldNotBeRead(name, readingProblems))];
  if (problems.length > 0) throw new WhatsappTwilioConfigError(onePerName(problems));

  const settings = {
    connectionId: config.connectionId,
    accountSid: secrets.accountSid,
    authTokens: secrets.authToken as string[],
    ...(options.apiKey && { apiKey: { sid: options.apiKey.sid, secret: options.apiKey.secret } }),
    ...(config.fromNumber !== undefined && { from: parseAddress(config.fromNumber)! }),
    ...(config.messagingServiceSid !== undefined && { messagingServiceSid: config.messagingServiceSid }),
    publicUrls: config.publicUrl as string[],
    storageUrl: config.storageUrl,
    ...(config.spoolPath !== undefined && { spoolPath: config.spoolPath }),
    rateLimitRpm: config.rateLimitRpm,
    apiBaseUrl: new URL(config.apiBaseUrl).origin,
    reconciliation: { settleAfterMs: config.settleAfterMs, giveUpAfterMs: config.giveUpAfterMs },
    events: { log: config.eventsLog, subscribers: config.eventSubscribers },
    optOutKeywords: { stop: config.optOutStop, start: config.optOutStart },
    retention: config.retentionDays === undefined ? {} : { contentDays: config.retentionDays },
    encryptionKeys: secrets.encryptionKeys.map((key) => parseEncryptionKey(key as string)!),
    rotation: { promoteAfterMs: config.promoteAfterMs, overlapMs: config.overlapMs },
    handlers: {
      concurrency: config.handlersConcurrency,
      timeoutMs: config.handlersTimeoutMs,
      maxAttempts: config.handlersMaxAttempts,
      retryDelayMs: config.handlersRetryDelayMs,
    },
  };
  return Object.freeze(hideSecrets(settings, { connectionId: settings.connectionId }));
}

function toClasses(options: WhatsappTwilioModuleOptions) {
  const config = Object.assign(new WhatsappTwilioConfig(), {
    fromNumber: options.fromNumber,
    messagingServiceSid: options.messagingServiceSid,
    publicUrl: asList(options.publicUrl),
    storageUrl: options.storage?.url ?? memoryStorageUrl,
    spoolPath: options.storage?.spoolPath,
    rateLimitRpm: options.rateLimit?.rpm ?? defaultRateLimitRpm,
    apiBaseUrl: options.apiBaseUrl ?? twilioApiBaseUrl,
    connectionId: options.connectionId ?? 'default',
    handlersConcurrency: options.handlers?.concurrency ?? 20,
    handlersTimeoutMs: options.handlers?.timeoutMs ?? 120_000,
    handlersMaxAttempts: options.handlers?.maxAttempts ?? 8,
    handlersRetryDelayMs: options.handlers?.retryDelayMs ?? 1000,
    settleAfterMs: options.reconciliation?.settleAfterMs ?? 15_000,
    giveUpAfterMs: options.reconciliation?.giveUpAfterMs ?? 900_000,
    retentionDays: options.retention?.contentDays,
    eventsLog: options.events?.log ?? false,
    eventSubscribers: options.events?.subscribers ?? [],
    optOutStop: options.optOut?.stop ?? defaultOptOutKeywords.stop,
    optOutStart: options.optOut?.start ?? defaultOptOutKeywords.start,
    promoteAfterMs: options.rotation?.promoteAfterMs ?? 5000,
    overlapMs: options.rotation?.overlapMs ?? 3_600_000,
  });
  const secrets = Object.assign(new WhatsappTwilioSecrets(), {
    accountSid: options.accountSid,
    authToken: asList(options.authToken),
    encryptionKeys: asList(options.encryptionKeys),
    apiKeySid: options.apiKey?.sid,
    apiKeySecret: options.apiKey?.secret,
  });
  return { config, secrets };
}

/** What is not there at all gets a plainer sentence than the pattern it fails. */
function* missing(options: WhatsappTwilioModuleOptions): Iterable<ConfigProblem> {
  const required = [
    ['accountSid', options.accountSid],
    ['authToken', asList(options.authToken)[0]],
    ...(options.apiKey
      ? [['apiKeySid', options.apiKey.sid] as const, ['apiKeySecret', options.apiKey.secret] as const]
      : []),
  ] as const;
  for (const [property, value] of required) {
    if (value === undefined || value === null || value === '') {
      yield { name: optionNames[property], message: hints[property] };
    }
  }
}

const hints = {
  accountSid: "is missing. Take it from the front page of Twilio's console; it starts with AC.",
  authToken: "is missing. Take it from the front page of Twilio's console.",
  apiKeySid: 'is missing, while the secret of the API key is given. Give both or neither; it starts with SK.',
  apiKeySecret: 'is missing, while the SID of the API key is given. Give both or neither.',
} as const;

/** Every option, and the fields of those that have some. */
const knownOptions: Readonly<Record<keyof WhatsappTwilioModuleOptions, readonly string[] | undefined>> = {
  accountSid: undefined,
  authToken: undefined,
  apiKey: ['sid', 'secret'],
  fromNumber: undefined,
  messagingServiceSid: undefined,
  publicUrl: undefined,
  storage: ['url', 'spoolPath'],
  rateLimit: ['rpm'],
  apiBaseUrl: undefined,
  connectionId: undefined,
  handlers: ['concurrency', 'timeoutMs', 'maxAttempts', 'retryDelayMs'] satisfies (keyof HandlerOptions)[],
  reconciliation: ['settleAfterMs', 'giveUpAfterMs'] satisfies (keyof ReconciliationOptions)[],
  retention: ['contentDays'] satisfies (keyof RetentionOptions)[],
  events: ['log', 'subscribers'] satisfies (keyof EventOptions)[],
  optOut: ['stop', 'start'] satisfies (keyof OptOutOptions)[],
  encryptionKeys: undefined,
  rotation: ['promoteAfterMs', 'overlapMs'] satisfies (keyof RotationOptions)[],
};

/** A misspelt option would otherwise be ignored in silence. */
function* unknownOptions(options: WhatsappTwilioModuleOptions): Iterable<ConfigProblem> {
  for (const [name, value] of Object.entries(options) as [string, unknown][]) {
    if (!Object.hasOwn(knownOptions, name)) {
      yield { name, message: `is not an option. The options are ${Object.keys(knownOptions).join(', ')}.` };
      continue;
    }
    const fields = knownOptions[name as keyof WhatsappTwilioModuleOptions];
    if (fields === undefined || value === undefined || value === null) continue;
    if (!isRecord(value)) yield { name, message: `must be an object with ${fields.join(', ')}.` };
    else {
      for (const field of Object.keys(value)) {
        if (fields.includes(field)) continue;
        yield { name: `${name}.${field}`, message: `is not an option. The options are ${fields.join(', ')}.` };
      }
    }
  }
}

/** What could not be read is not missing as well: its variable is the first that the name of the option gives. */
function couldNotBeRead(name: string, readingProblems: readonly ConfigProblem[]): boolean {
  const variable = /\((\w+)/.exec(name)?.[1];
  return readingProblems.some((problem) => problem.name === variable || problem.name === `${variable}_FILE`);
}

function problemsOf(instance: object): ConfigProblem[] {
  return validateSync(instance, { validationError: { target: false, value: false } }).flatMap(
    ({ property, constraints }) =>
      Object.values(constraints ?? {}).map((message) => ({
        name: optionNames[property as keyof typeof optionNames],
        message,
      })),
  );
}

function onePerName(problems: readonly ConfigProblem[]): ConfigProblem[] {
  return [...new Map(problems.toReversed().map((problem) => [problem.name, problem])).values()].toReversed();
}

function asList(value: unknown): unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
