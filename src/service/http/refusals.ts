import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { ofServer } from '../problems/known-errors';
import type { ProblemDetails } from '../problems/problem';

const BAD_REQUEST = { status: 400, code: 'BAD_REQUEST', detail: 'This is not a request that HTTP/1.1 knows.' };

function problemOf(code: string, requestId: string): ProblemDetails {
  const { status, ...words } = ofServer[code] ?? BAD_REQUEST;
  return { type: 'about:blank', title: STATUS_CODES[status]!, status, ...words, requestId };
}

/** Answers what the router refuses before any hook or filter: an address that cannot be read. */
export function refuseAddress({ code }: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const problem = problemOf(code, request.id);
  void reply
    .code(problem.status)
    .header('x-request-id', request.id)
    .type('application/problem+json; charset=utf-8')
    .send(JSON.stringify(problem));
}

/** Answers what Node refuses before there is a request, and ends the connection. */
export function refuseBytes(newId: () => string): (error: NodeJS.ErrnoException, socket: Socket) => void {
  return ({ code = '' }, socket) => {
    if (code === 'ECONNRESET' || socket.destroyed) return;
    const requestId = newId();
    const problem = problemOf(code, requestId);
    const body = JSON.stringify(problem);
    // A half of an answer that is under way cannot become another.
    if (socket.writable && socket.bytesWritten === 0) {
      socket.write(
        [
          `HTTP/1.1 ${problem.status} ${problem.title}`,
          'Content-Type: application/problem+json; charset=utf-8',
          `X-Request-Id: ${requestId}`,
          `Content-Length: ${Buffer.byteLength(body)}`,
          'Connection: close',
          '',
          body,
        ].join('\r\n'),
      );
    }
    socket.destroy();
  };
}
