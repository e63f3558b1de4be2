import { isIP } from 'node:net';
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
} as const;

/** The service's own settings; what is wrong with them is added to `problems`. */
export function readServiceEnvironment(read: ReadVariable, problems: ConfigProblem[]): ServiceEnvironment {
  const value = (name: keyof typeof serviceVariables) =>
    readVariable(name, false, read, problems) ?? serviceVariables[name];
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
  };
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
