import { Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { maskAddress, parseAddress } from '../../whatsapp-twilio/messages/address';
import { type WebhookFacts, webhookFactsOf } from './webhook-facts';

const logger = new Logger('Http');

/** A line for each request that was answered: the route rather than the address, and ids rather than what was said. */
export function logRequest(request: FastifyRequest, reply: FastifyReply): void {
  const route = request.routeOptions.url ?? 'unknown';
  const webhook = webhookFactsOf(request);
  const line = {
    message: webhook === undefined ? 'request' : 'webhook',
    method: request.method,
    route,
    status: reply.statusCode,
    durationMs: Math.round(reply.elapsedTime),
    ...(webhook && webhookIds(webhook)),
    ...messageIds(request, reply),
  };
  // Probes and scrapes come every few seconds.
  if (route.startsWith('/health/') || route === '/metrics') logger.debug(line);
  else logger.log(line);
}

function webhookIds({ kind, verified }: WebhookFacts): Record<string, string> {
  if (verified === undefined) return { kind };
  const { connection, params, query, outcome } = verified;
  const from = parseAddress(params['From'] ?? '');
  const messageId = query.get('message');
  return {
    kind,
    ...(outcome !== undefined && { outcome }),
    connectionId: connection.id,
    ...(params['MessageSid'] && { messageSid: params['MessageSid'] }),
    ...(params['MessageStatus'] && { messageStatus: params['MessageStatus'] }),
    ...(messageId && { messageId }),
    ...(from && { from: maskAddress(from) }),
  };
}

/** Of a message that was just stored, or that the route names. */
function messageIds(request: FastifyRequest, reply: FastifyReply): Record<string, string> {
  const location = reply.getHeader('location');
  const path = typeof location === 'string' ? location : request.url;
  const [, messageId] = /^\/v1\/messages\/([\w-]{36})(?:$|\?)/.exec(path) ?? [];
  const [, messageSid] = /^\/v1\/inbound-messages\/((?:SM|MM)\w{32})(?:$|[/?])/.exec(path) ?? [];
  return { ...(messageId !== undefined && { messageId }), ...(messageSid !== undefined && { messageSid }) };
}
