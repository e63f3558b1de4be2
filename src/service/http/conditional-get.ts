import { createHash } from 'node:crypto';
import type { onSendHookHandler } from 'fastify';

/** Answers of the API have an `ETag`, and are not sent again to who has them (RFC 9110, 13). */
export const conditionalGet: onSendHookHandler = (request, reply, payload, done) => {
  const isHead = request.method === 'HEAD';
  const isOfApi = (isHead || request.method === 'GET') && request.url.startsWith('/v1/') && reply.statusCode === 200;
  if (!isOfApi || typeof payload !== 'string') return done(null, payload);
  const etag = `"${createHash('sha256').update(payload).digest('base64url').slice(0, 27)}"`;
  void reply.header('etag', etag).header('cache-control', 'private, no-cache');
  if (isHead) return done(null, payload);
  const known = request.headers['if-none-match']?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? [];
  if (!known.includes(etag) && !known.includes('*')) return done(null, payload);
  void reply.code(304).removeHeader('content-length').removeHeader('content-type');
  done(null, null);
};
