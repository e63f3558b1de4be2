import { messagingWhatsappTwilioIntegrationSpec } from '../contract/messaging.whatsapp.twilio';
import { formatAddress } from '../messages/address';
import type { WhatsappMessage } from '../messages/inbound-message';

/** ContractSpec's `ChannelInboundEvent`. */
export interface ContractSpecInboundEvent {
  workspaceId: string;
  providerKey: 'messaging.whatsapp.twilio';
  externalEventId: string;
  eventType: string;
  occurredAt: Date;
  signatureValid: boolean;
  traceId?: string;
  thread: { externalThreadId: string; externalChannelId?: string; externalUserId?: string };
  message?: { text: string; externalMessageId?: string };
  metadata?: Record<string, string>;
  rawPayload?: string;
}

/**
 * A message as ContractSpec's channel runtime takes it in: also one without text, whose kind and content are in the
 * metadata. What comes to a handler is signed by Twilio.
 *
 * @example
 * \@OnWhatsappMessage()
 * forward(message: WhatsappMessage) {
 *   return this.channel.ingest(toChannelInboundEvent(message, { workspaceId: 'ws-1' }));
 * }
 */
export function toChannelInboundEvent(
  message: WhatsappMessage,
  context: { readonly workspaceId: string; readonly traceId?: string },
): ContractSpecInboundEvent {
  const user = formatAddress(message.from);
  return {
    workspaceId: context.workspaceId,
    providerKey: messagingWhatsappTwilioIntegrationSpec.meta.key,
    externalEventId: message.sid,
    eventType: 'whatsapp.twilio.message',
    occurredAt: message.receivedAt,
    signatureValid: true,
    ...(context.traceId !== undefined && { traceId: context.traceId }),
    thread: { externalThreadId: user, externalChannelId: formatAddress(message.to), externalUserId: user },
    message: { text: textOf(message), externalMessageId: message.sid },
    metadata: metadataOf(message),
    rawPayload: new URLSearchParams(message.raw).toString(),
  };
}

/** What a person would read; empty where there is nothing to read. */
function textOf(message: WhatsappMessage): string {
  switch (message.kind) {
    case 'text':
    case 'button':
      return message.text;
    case 'list':
      return message.title;
    case 'reaction':
      return message.emoji;
    case 'location':
      return [message.label, message.address].filter((part) => part !== undefined).join(', ');
    case 'contacts':
    case 'flow':
      return '';
    default:
      return message.text ?? '';
  }
}

function metadataOf(message: WhatsappMessage): Record<string, string> {
  const media = 'media' in message ? message.media : [];
  const all: Readonly<Record<string, string | undefined>> = {
    kind: message.kind,
    connectionId: message.connectionId,
    accountSid: message.raw['AccountSid'],
    profileName: message.profileName,
    userId: message.userId,
    replyToSid: message.replyTo?.sid,
    ...Object.fromEntries(
      media.flatMap(({ url, contentType }, index) => [
        [`mediaUrl${index}`, url],
        [`mediaContentType${index}`, contentType],
      ]),
    ),
    ...contentOf(message),
  };
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function contentOf(message: WhatsappMessage): Record<string, string | undefined> {
  switch (message.kind) {
    case 'location':
      return { latitude: String(message.latitude), longitude: String(message.longitude) };
    case 'button':
      return { payload: message.payload };
    case 'list':
      return { listId: message.id };
    case 'flow':
      return { flow: message.json };
    default:
      return {};
  }
}
