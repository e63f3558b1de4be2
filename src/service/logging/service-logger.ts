import { ConsoleLogger, type LogLevel as NestLogLevel } from '@nestjs/common';
import { logLevels, type LogLevel, type ServiceEnvironment } from '../service-environment';
import { requestContext } from './request-context';

const framework: ReadonlySet<unknown> = new Set(['InstanceLoader', 'NestFactory', 'RouterExplorer', 'RoutesResolver']);

/**
 * One line for each thing that happens. As JSON, what an object says stands beside the message, and everything that is
 * logged while a request is answered has its id.
 */
export class ServiceLogger extends ConsoleLogger {
  constructor({ logFormat, logLevel }: Pick<ServiceEnvironment, 'logFormat' | 'logLevel'>) {
    super({ json: logFormat === 'json', colors: false, compact: true, logLevels: nestLevels(logLevel) });
  }

  /** What Nest says while it starts is for those who look into that. */
  override log(message: unknown, ...rest: unknown[]): void {
    if (framework.has(rest.at(-1))) this.debug(message, ...rest);
    else super.log(message, ...rest);
  }

  /** What ends the start is told by whoever started the service, for people and once. */
  override error(message: unknown, ...rest: unknown[]): void {
    if (rest.at(-1) === 'ExceptionHandler') this.debug(message, ...rest);
    else super.error(message, ...rest);
  }

  protected override getJsonLogObject(
    message: unknown,
    options: Parameters<ConsoleLogger['getJsonLogObject']>[1],
  ): ReturnType<ConsoleLogger['getJsonLogObject']> {
    const requestId = requestContext.getStore()?.requestId;
    const isFields = typeof message === 'object' && message !== null && 'message' in message;
    const { message: text, ...fields } = (isFields ? message : { message }) as Record<string, unknown>;
    const line = super.getJsonLogObject(text, options);
    return { ...line, ...(requestId !== undefined && { requestId }), ...idsIn(text), ...fields };
  }

  protected override stringifyMessage(message: unknown, logLevel: NestLogLevel): string {
    const isFields = typeof message === 'object' && message !== null && 'message' in message;
    if (!isFields) return super.stringifyMessage(message, logLevel);
    const { message: text, ...fields } = message as Record<string, unknown>;
    const pairs = Object.entries(fields).map(([name, value]) => `${name}=${String(value)}`);
    return super.stringifyMessage([text, ...pairs].join(' '), logLevel);
  }
}

/** The messages that a text names, for who looks for all that was said of one. */
function idsIn(text: unknown): { messageId?: string; messageSid?: string } {
  if (typeof text !== 'string') return {};
  const [, messageId] = /\bmessage ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b/i.exec(text) ?? [];
  const [messageSid] = /\b(?:SM|MM)[0-9a-f]{32}\b/.exec(text) ?? [];
  return { ...(messageId !== undefined && { messageId }), ...(messageSid !== undefined && { messageSid }) };
}

/** Nest calls `info` `log`, and takes the list of what is shown. */
function nestLevels(level: LogLevel): NestLogLevel[] {
  const shown = logLevels.slice(0, logLevels.indexOf(level) + 1);
  return shown.map((name) => (name === 'info' ? 'log' : name));
}
