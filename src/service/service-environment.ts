import { isIP } from 'node:net';
import { type ApiKey, parseApiKeys } from './auth/api-keys';
import { type ForwardEndpoint, readForwardEndpoints } from './events/forward-endpoints';
import { readVariable, type ReadVariable } from '../whatsapp-twilio/contract/environment';
import type { ConfigProblem } from '../whatsapp-twilio/contract/whatsapp-twilio-config.error';

/** The service's own settings; the module reads its variables itself. */
export interface ServiceEnvironment {
  readonly host: string;
  readonly port: number;
  /** Whose forwarded headers count: proxies by address, or as many hops as there are proxies. */
  readonly trustProxy: TrustProxy;
  readonly logLevel: LogLevel;
  readonly logFormat: 'json' | 'text';
  readonly isTwilioCritical: boolean;
  /** How long requests are still taken after SIGTERM, while readiness fails already. */
  readonly shutdownDelayMs: number;
  /** Who may use the REST API; `none` lets everyone. */
  readonly apiKeys: readonly ApiKey[] | 'none';
  /** Requests a minute for each key. */
  readonly apiRateLimitRpm: number;
  /** Where events are posted. */
  readonly forwardEndpoints: readonly ForwardEndpoint[];
  /** Whether those may be in private networks. */
  readonly mayForwardPrivately: boolean;
}

export type TrustProxy = false | string | ((address: string, hop: number) => boolean);

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'verbose'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Every variable that only the service reads, with its default. */
export const serviceVariables = {
  HOST: '0.0.0.0',
  PORT: '3000',
  TRUST_PROXY: '',
  LOG_LEVEL: 'info',
  LOG_FORMAT: 'json',
  HEALTH_TWILIO_CRITICAL: 'false',
  SHUTDOWN_DELAY_SECONDS: '2',
  API_KEYS: '',
  API_AUTH: 'keys',
  API_RATE_LIMIT_RPM: '600',
  FORWARD_URL: '',
  FORWARD_SECRET: '',
  FORWARD_ENDPOINTS: '',
  FORWARD_PRIVATE: 'refuse',
} as const;

/** Those that can be given as a file, by `NAME_FILE`. */
export const serviceSecrets: ReadonlySet<string> = new Set(['API_KEYS', 'FORWARD_SECRET', 'FORWARD_ENDPOINTS']);

/** The service's own settings; what is wrong with them is added to `problems`. */
export function readServiceEnvironment(read: ReadVariable, problems: ConfigProblem[]): ServiceEnvironment {
  const value = (name: keyof typeof serviceVariables) =>
    readVariable(name, serviceSecrets.has(name), read, problems) ?? serviceVariables[name];
  const oneOf = <T extends string>(name: keyof typeof serviceVariables, choices: readonly T[]): T => {
    const found = choices.find((choice) => choice === value(name).toLowerCase());
    if (found === undefined) problems.push({ name, message: `must be one of ${choices.join(', ')}.` });
    return found ?? choices[0]!;
  };
  const port = Number(value('PORT'));
  if (!/^\d{1,5}$/.test(value('PORT')) || port > 65_535) {
    problems.push({ name: 'PORT', message: 'must be a port, 0 to 65535; 0 takes any that is free.' });
  }
  return {
    host: value('HOST'),
    port,
    trustProxy: trustProxyOf(value('TRUST_PROXY'), problems),
    logLevel: oneOf('LOG_LEVEL', logLevels),
    logFormat: oneOf('LOG_FORMAT', ['json', 'text']),
    isTwilioCritical: oneOf('HEALTH_TWILIO_CRITICAL', ['true', 'false']) === 'true',
    shutdownDelayMs: shutdownDelayOf(value('SHUTDOWN_DELAY_SECONDS'), problems),
    apiKeys: apiKeysOf(value('API_KEYS'), oneOf('API_AUTH', ['keys', 'none']), problems),
    apiRateLimitRpm: rateLimitOf(value('API_RATE_LIMIT_RPM'), problems),
    forwardEndpoints: readForwardEndpoints(
      { url: value('FORWARD_URL'), secret: value('FORWARD_SECRET'), endpoints: value('FORWARD_ENDPOINTS') },
      problems,
    ),
    mayForwardPrivately: oneOf('FORWARD_PRIVATE', ['refuse', 'allow']) === 'allow',
  };
}

function apiKeysOf(text: string, auth: 'keys' | 'none', problems: ConfigProblem[]): ServiceEnvironment['apiKeys'] {
  const isUnreadable = problems.some(({ name }) => name === 'API_KEYS' || name === 'API_KEYS_FILE');
  if (text === '') {
    if (auth === 'keys' && !isUnreadable) {
      problems.push({
        name: 'API_KEYS',
        message: 'is missing. Set name:secret pairs for the REST API, or API_AUTH=none to let everyone use it.',
      });
    }
    return 'none';
  }
  if (auth === 'none') {
    problems.push({ name: 'API_AUTH', message: 'is none, while API_KEYS is set. Set one of them.' });
    return 'none';
  }
  const parsed = parseApiKeys(text);
  if ('keys' in parsed) return parsed.keys;
  problems.push({ name: 'API_KEYS', message: parsed.problem });
  return [];
}

function rateLimitOf(text: string, problems: ConfigProblem[]): number {
  const isNumber = /^\d{1,6}$/.test(text) && Number(text) >= 1;
  if (!isNumber)
    problems.push({ name: 'API_RATE_LIMIT_RPM', message: 'must be a whole number of requests, 1 to 999999.' });
  return Number(text);
}

function shutdownDelayOf(text: string, problems: ConfigProblem[]): number {
  const isNumber = /^\d{1,3}$/.test(text) && Number(text) <= 300;
  if (!isNumber) problems.push({ name: 'SHUTDOWN_DELAY_SECONDS', message: 'must be whole seconds, 0 to 300.' });
  return Number(text) * 1000;
}

const NAMED_RANGES = new Set(['loopback', 'linklocal', 'uniquelocal']);

/** A number of hops, or addresses; never `true`, which would believe anyone. */
function trustProxyOf(text: string, problems: ConfigProblem[]): TrustProxy {
  const trimmed = text.replace(/\s+/g, '');
  if (trimmed === '' || trimmed === 'false') return false;
  if (/^\d{1,2}$/.test(trimmed)) return (_address, hop) => hop < Number(trimmed);
  if (trimmed.split(',').every(isAddress)) return trimmed;
  problems.push({
    name: 'TRUST_PROXY',
    message: 'must be the number of proxies in front of this service, or their addresses: 1, or 10.0.0.0/8,127.0.0.1.',
  });
  return false;
}

/** An address, a range of addresses with its prefix length, or the name of a range. */
function isAddress(text: string): boolean {
  const [address = '', prefix] = text.split('/');
  const version = isIP(address);
  if (version === 0) return NAMED_RANGES.has(text);
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128));
}
