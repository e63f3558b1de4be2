import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import { STATUS_CODES } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** An error as RFC 9457 describes it. */
export interface ProblemDetails {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  /** A stable name to branch on. */
  readonly code: string;
  /** What to do, for a person. */
  readonly detail: string;
  readonly requestId: string;
}

const details: Readonly<Record<number, string>> = {
  403: 'This request is not allowed.',
  404: 'There is nothing at this address. See the README for the routes.',
  413: 'The body is larger than this service takes.',
  415: 'This content type is not taken here. Twilio sends application/x-www-form-urlencoded.',
  503: 'The service cannot do this now. Try again in a moment.',
};

/** Turns every error into `application/problem+json`. What is not meant for the caller goes to the log alone. */
@Catch()
export class ProblemDetailsFilter implements ExceptionFilter {
  private readonly logger = new Logger('Service');

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const status = statusOf(error);
    if (status >= 500 && !(error instanceof HttpException)) {
      this.logger.error(`${request.id}: ${error instanceof Error ? error.stack : String(error)}`);
    }
    // Health checks answer with their own body, which says what is wrong.
    const body = error instanceof HttpException ? error.getResponse() : undefined;
    if (typeof body === 'object' && 'details' in body) {
      void reply.status(status).send(body);
      return;
    }
    void reply
      .status(status)
      .type('application/problem+json')
      .send(problemOf(status, error, request.id));
  }
}

function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  const statusCode = (error as { statusCode?: unknown } | null | undefined)?.statusCode;
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 600 ? statusCode : 500;
}

function problemOf(status: number, error: unknown, requestId: string): ProblemDetails {
  const title = STATUS_CODES[status] ?? 'Error';
  const own = error instanceof HttpException && error.message !== title && status !== 404 ? error.message : undefined;
  return {
    type: 'about:blank',
    title,
    status,
    code: title.toUpperCase().replace(/[^A-Z]+/g, '_'),
    detail: details[status] ?? own ?? (status >= 500 ? 'Something went wrong here; the log has more.' : `${title}.`),
    requestId,
  };
}
