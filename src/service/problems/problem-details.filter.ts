import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import { STATUS_CODES } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ConnectionProblem } from '../../whatsapp-twilio/connections/probe-connection';
import { isConnectionError } from '../../whatsapp-twilio/storage/connection-error';
import { isTwilioError, type TwilioApiError } from '../../whatsapp-twilio/twilio/twilio-errors';
import type { AllowedMethods } from '../http/allowed-methods';
import { fieldOfRefusal, ofServer, statusOfCode } from './known-errors';
import { ApiProblem, type ProblemDetails, type ProblemField } from './problem';

const RETRY_AFTER_SECONDS = 5;

const details: Readonly<Record<number, string>> = {
  403: 'This request is not allowed.',
  404: 'There is nothing at this address. See /docs for the routes.',
  503: 'The service cannot do this now. Try again in a moment.',
};

type Problem = Omit<ProblemDetails, 'type' | 'title' | 'requestId'> & { readonly retryAfterSeconds?: number };

/** Turns every error into `application/problem+json`. What is not meant for the caller goes to the log alone. */
@Catch()
export class ProblemDetailsFilter implements ExceptionFilter {
  private readonly logger = new Logger('Service');

  /** @param allowed The methods of a path that is known for others than the one that was asked for. */
  constructor(private readonly allowed: AllowedMethods = () => []) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    // What was begun cannot become another answer.
    if (reply.sent || reply.raw.headersSent) return;
    // Health checks answer with their own body, which says what is wrong.
    const body = error instanceof HttpException ? error.getResponse() : undefined;
    if (typeof body === 'object' && 'details' in body) {
      void reply.status((error as HttpException).getStatus()).send(body);
      return;
    }
    const methods = request.is404 ? this.allowed(request.url.split('?', 1)[0]!) : [];
    if (methods.length > 0) void reply.header('allow', methods.join(', '));
    const { retryAfterSeconds, ...problem } = methods.length > 0 ? wrongMethod(methods) : problemOf(error);
    if (problem.status >= 500 && problem.code === 'INTERNAL_SERVER_ERROR') {
      this.logger.error(`A request failed: ${request.method} ${routeOf(request)}`, stackOf(error));
    }
    if (retryAfterSeconds !== undefined) void reply.header('retry-after', String(retryAfterSeconds));
    const answer: ProblemDetails = {
      type: 'about:blank',
      title: STATUS_CODES[problem.status] ?? 'Error',
      ...problem,
      requestId: request.id,
    };
    void reply.status(problem.status).type('application/problem+json').send(answer);
  }
}

function problemOf(error: unknown): Problem {
  if (error instanceof ApiProblem) {
    const { code, message, errors, retryAfterSeconds } = error;
    return {
      status: error.getStatus(),
      code,
      detail: message,
      ...(errors && { errors }),
      ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    };
  }
  if (error instanceof HttpException) {
    // What Nest makes of the server's own errors; its words may quote the body.
    const { code: cause = '' } = (error.cause ?? {}) as { code?: string };
    if (Object.hasOwn(ofServer, cause)) return ofServer[cause]!;
    if (error.getStatus() === 400 && error.message.includes('JSON')) return ofServer['FST_ERR_CTP_INVALID_JSON_BODY']!;
    return plain(error.getStatus(), error.message);
  }
  if (isConnectionError(error)) {
    return {
      status: 503,
      code: 'STORAGE_UNREACHABLE',
      detail: 'The database cannot be reached for the moment. Nothing was stored; try again.',
      retryAfterSeconds: RETRY_AFTER_SECONDS,
    };
  }
  const { code = '', statusCode } = (error ?? {}) as { code?: string; statusCode?: number };
  if (Object.hasOwn(ofServer, code)) return ofServer[code]!;
  if (Object.hasOwn(statusOfCode, code)) return known(error as Error & { code: string });
  return plain(typeof statusCode === 'number' && statusCode >= 400 && statusCode < 600 ? statusCode : 500);
}

/** One of the module's errors: its message is for people already. */
function known(error: Error & { code: string }): Problem {
  const status = statusOfCode[error.code]!;
  const { errors, field, problems } = error as {
    errors?: readonly ProblemField[];
    field?: string;
    problems?: readonly ConnectionProblem[];
  };
  const { twilioCode, retryAfterMs } = error as Partial<TwilioApiError>;
  const named = field === undefined ? undefined : [{ field, code: 'invalid', message: error.message }];
  const seconds = Math.ceil((retryAfterMs ?? RETRY_AFTER_SECONDS * 1000) / 1000);
  const fields = errors ?? problems?.map(refusedField) ?? named;
  return {
    status,
    code: error.code,
    detail: isTwilioError(error)
      ? `${error.message} ${error.help}`
      : (summaryOf(error.message, errors) ?? error.message),
    ...(fields && { errors: fields }),
    ...(twilioCode !== undefined && { twilioCode }),
    ...(status === 503 && { retryAfterSeconds: seconds }),
  };
}

function refusedField({ code, message }: ConnectionProblem): ProblemField {
  return { field: fieldOfRefusal[code as keyof typeof fieldOfRefusal], code, message };
}

/** The fields have sentences of their own. */
function summaryOf(message: string, errors: readonly ProblemField[] | undefined): string | undefined {
  return errors && `${message.split(':\n', 1)[0]}: ${errors.map(({ message: each }) => each).join(' ')}`;
}

function wrongMethod(methods: readonly string[]): Problem {
  return {
    status: 405,
    code: 'METHOD_NOT_ALLOWED',
    detail: `This address takes ${methods.join(', ')}. See /docs for the routes.`,
  };
}

function plain(status: number, message?: string): Problem {
  const title = STATUS_CODES[status] ?? 'Error';
  const own = message !== undefined && message !== title && status !== 404 ? message : undefined;
  return {
    status,
    code: title.toUpperCase().replace(/[^A-Z]+/g, '_'),
    detail: details[status] ?? own ?? (status >= 500 ? 'Something went wrong here; the log has more.' : `${title}.`),
    ...(status === 503 && { retryAfterSeconds: RETRY_AFTER_SECONDS }),
  };
}

/** The route rather than the address, which may hold a phone number. */
function routeOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? 'an unknown route';
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
