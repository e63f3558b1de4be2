import { Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { maskAddress, parseAddress } from '../../whatsapp-twilio/messages/address';
import { verifiedWebhook } from '../../whatsapp-twilio/inbound/verified-webhook';

const logger = new Logger('Http');

/** A line for each request that was answered: the route rather than the address, and ids rather than what was said. */
export function logRequest(request: FastifyRequest, reply: FastifyReply): void {
  const route = request.routeOptions.url ?? 'unknown';
  const line = {
    message: route.startsWith('/webhooks/') ? 'webhook' : 'request',
    method: request.method,
    route,
    status: reply.statusCode,
    durationMs: Math.round(reply.elapsedTime),
    ...webhookIds(request),
    ...messageIds(reply),
  };
  // Probes and scrapes come every few seconds.
  if (route.startsWith('/health/') || route === '/metrics') logger.debug(line);
  else logger.log(line);
}

/** Of a webhook that Twilio signed. */
function webhookIds(request: FastifyRequest): Record<string, string> {
  if (!request.url.startsWith('/webhooks/')) return {};
  try {
    const { connection, params, query } = verifiedWebhook(request);
    const from = parseAddress(params['From'] ?? '');
    return {
      connectionId: connection.id,
      ...(params['MessageSid'] && { messageSid: params['MessageSid'] }),
      ...(params['MessageStatus'] && { messageStatus: params['MessageStatus'] }),
      ...(query.get('message') && { messageId: query.get('message')! }),
      ...(from && { from: maskAddress(from) }),
    };
  } catch {
    return {};
  }
}

/** Of a message that was just stored. */
function messageIds(reply: FastifyReply): Record<string, string> {
  const location = reply.getHeader('location');
  const id = typeof location === 'string' ? /^\/v1\/messages\/([\w-]+)$/.exec(location)?.[1] : undefined;
  return id === undefined ? {} : { messageId: id };
}
