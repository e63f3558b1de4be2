import { type OutboundStatus, outboundStatuses } from '../messages/message-status';
import { checkedFilter, type HandlerDecorator } from './handler-metadata';
import type { StatusHandler } from './whatsapp-handlers';

export const STATUS_HANDLER = 'whatsapp-twilio:status-handler';

/**
 * Calls the method with a `StatusUpdate` when an outbound message reaches one of these statuses (any, if none is
 * named): at least once, in order for each message; when it throws it is called again later.
 *
 * @throws TypeError at start for a status that does not exist.
 * @example
 * @OnWhatsappStatus('failed', 'undelivered')
 * alarm(update: StatusUpdate) { … }
 */
export function OnWhatsappStatus(...statuses: OutboundStatus[]): HandlerDecorator<StatusHandler> {
  return checkedFilter('OnWhatsappStatus', STATUS_HANDLER, outboundStatuses, statuses);
}
