import { type InboundMessageKind, inboundMessageKinds } from '../messages/inbound-message';
import { checkedFilter, type HandlerDecorator } from './handler-metadata';
import type { MessageHandler } from './whatsapp-handlers';

export const MESSAGE_HANDLER = 'whatsapp-twilio:message-handler';

/**
 * Hands inbound messages of these kinds (of every kind, if none is named) to the method, as `(message, conversation)`.
 * Called outside the webhook's request, at least once, in order within a conversation. What it returns is sent as the
 * reply; when it throws it is called again later.
 *
 * @throws TypeError at start for a kind that does not exist.
 * @example
 * @OnWhatsappMessage('text')
 * greet(message: WhatsappMessage<'text'>) { return `Hello ${message.profileName}`; }
 */
export function OnWhatsappMessage<Kind extends InboundMessageKind = InboundMessageKind>(
  ...kinds: Kind[]
): HandlerDecorator<MessageHandler<Kind>> {
  return checkedFilter('OnWhatsappMessage', MESSAGE_HANDLER, inboundMessageKinds, kinds);
}
