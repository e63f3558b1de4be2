// Compiled by `npm run typecheck`, never run: what the message types must allow, and what they must refuse.
import type { Conversation } from '../../src/whatsapp-twilio/messages/conversation';
import {
  inboundMessageKinds,
  type InboundMessageKind,
  type WhatsappMessage,
} from '../../src/whatsapp-twilio/messages/inbound-message';
import { type OutboundStatus, mergeStatus } from '../../src/whatsapp-twilio/messages/message-status';
import type { OutboundContent } from '../../src/whatsapp-twilio/messages/outbound-content';
import type { NormalizedContent, OutboundMessageInput } from '../../src/whatsapp-twilio/messages/outbound-message';

/** Fails to compile unless `Actual` and `Expected` are the same. */
type Same<Actual, Expected> = [Actual, Expected] extends [Expected, Actual] ? true : never;

export const everyKindIsListed: Same<(typeof inboundMessageKinds)[number], InboundMessageKind> = true;
export const everyKindIsInTheUnion: Same<WhatsappMessage['kind'], InboundMessageKind> = true;
export const normalizedContentIsContent: Same<NormalizedContent & OutboundContent, NormalizedContent> = true;

/** A switch over all kinds leaves nothing over. */
export function describe(message: WhatsappMessage): string {
  switch (message.kind) {
    case 'text':
      return message.text;
    case 'image':
    case 'video':
    case 'audio':
    case 'document':
    case 'sticker':
      return message.text ?? `${message.media.length} files`;
    case 'contacts':
      return message.media[0]?.url ?? '';
    case 'location':
      return (message.latitude + message.longitude).toFixed();
    case 'button':
      return message.payload ?? message.text;
    case 'list':
      return message.id + message.title;
    case 'flow':
      return message.json;
    case 'reaction':
      return message.emoji;
    case 'unsupported':
      return message.messageType ?? 'unknown';
    default:
      return message satisfies never;
  }
}

export function textOf(message: WhatsappMessage<'text'>, conversation: Conversation): string {
  // @ts-expect-error A text has no files.
  void message.media;
  // @ts-expect-error A message is not changed by those it is handed to.
  message.text = '';
  return message.text + conversation.user.value;
}

export function captionOf(message: WhatsappMessage<'image' | 'text'>): string {
  // @ts-expect-error An image may come without a caption.
  const always: string = message.text;
  // @ts-expect-error Files are there only once the kind is known to have them.
  void message.media;
  return always;
}

// @ts-expect-error There is no such kind.
export type Poll = WhatsappMessage<'poll'>;

export const messages: OutboundMessageInput[] = [
  { to: '+15551230001', text: 'Hi' },
  { to: { kind: 'bsuid', value: 'US.1' }, media: ['https://example.com/a.jpg'], text: 'caption' },
  { to: '+15551230001', template: { contentSid: 'HX', variables: { '1': 'Ann' } }, priority: 'bulk' },
  { to: '+15551230001', location: { latitude: 1, longitude: 2 }, sendAt: new Date(), outsideWindow: 'hold' },
  // @ts-expect-error Nobody to send it to.
  { text: 'Hi' },
  // @ts-expect-error Nothing to send.
  { to: '+15551230001' },
  // @ts-expect-error Variables are strings.
  { to: '+15551230001', template: { contentSid: 'HX', variables: { '1': 1 } } },
  // @ts-expect-error There are two priorities.
  { to: '+15551230001', text: 'Hi', priority: 'high' },
];

export const merged: OutboundStatus = mergeStatus('sent', 'read');
// @ts-expect-error Twilio's words go through fromTwilioStatus first.
mergeStatus('sent', 'partially_delivered');
