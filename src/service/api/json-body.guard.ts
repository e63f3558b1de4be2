import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { ApiProblem } from '../problems/problem';

const JSON_TYPE = /^application\/([\w.+-]+\+)?json\s*(;|$)/i;

/**
 * A body of the API is JSON. A form would be read as fields too: what `curl -d` sends when nobody says otherwise, and what
 * any page on the web may have a browser send.
 */
@Injectable()
export class JsonBodyGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<FastifyRequest>();
    // Some clients name a type for no body at all.
    const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
    if (!hasBody || JSON_TYPE.test(headers['content-type'] ?? '')) return true;
    throw new ApiProblem({
      status: 415,
      code: 'UNSUPPORTED_MEDIA_TYPE',
      detail: 'The body has to be JSON and to say so, by the header Content-Type: application/json.',
    });
  }
}
