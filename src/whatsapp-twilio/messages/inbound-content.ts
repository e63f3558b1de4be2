import { mediaKindOf, readMedia, type MediaKind } from './inbound-media';
import type { InboundContent, InboundMedia } from './inbound-message';
import { readInteractiveReply } from './interactive-reply';
import type { ParameterReader } from './webhook-parameters';

const mediaTypes: ReadonlyMap<string, MediaKind> = new Map<string, MediaKind>([
  ['image', 'image'],
  ['video', 'video'],
  ['audio', 'audio'],
  ['voice', 'audio'],
  ['document', 'document'],
  ['sticker', 'sticker'],
  ['contacts', 'contacts'],
]);

/**
 * The kind of a message and the fields of that kind. `MessageType` decides where it is known; where Twilio sends none,
 * or calls the message a text, its parameters do. A type without the parameters it needs is `unsupported`, as is any
 * type that is not known yet.
 *
 * @see https://www.twilio.com/docs/messaging/guides/webhook-request
 */
export function readContent(read: ParameterReader): InboundContent {
  const messageType = read('MessageType');
  const text = read('Body');
  const media = readMedia(read);
  return (
    readKnown(messageType?.toLowerCase() ?? 'text', text, media, read) ?? {
      kind: 'unsupported',
      ...(messageType !== undefined && { messageType }),
      ...(text !== undefined && { text }),
      media,
    }
  );
}

function readKnown(
  messageType: string,
  text: string | undefined,
  media: readonly InboundMedia[],
  read: ParameterReader,
): InboundContent | undefined {
  switch (messageType) {
    case 'text':
      return readByParameters(text, media, read);
    case 'interactive':
      return readInteractiveReply(read);
    case 'button':
      // The text of a tapped button repeats its title.
      return readInteractiveReply(read) ?? (text === undefined ? undefined : { kind: 'button', text });
    case 'location':
      return readLocation(read);
    case 'reaction':
      return { kind: 'reaction', emoji: text ?? '' };
    default: {
      const kind = mediaTypes.get(messageType);
      return kind && ofMedia(kind, text, media);
    }
  }
}

function readByParameters(
  text: string | undefined,
  media: readonly InboundMedia[],
  read: ParameterReader,
): InboundContent | undefined {
  const [file] = media;
  return (
    readInteractiveReply(read) ??
    readLocation(read) ??
    (file && ofMedia(mediaKindOf(file, text !== undefined), text, media)) ??
    (text === undefined ? undefined : { kind: 'text', text })
  );
}

function ofMedia(
  kind: MediaKind,
  text: string | undefined,
  media: readonly InboundMedia[],
): InboundContent | undefined {
  if (media.length === 0) return undefined;
  return kind === 'contacts' || text === undefined ? { kind, media } : { kind, media, text };
}

function readLocation(read: ParameterReader): InboundContent | undefined {
  const latitude = readDegrees(read('Latitude'), 90);
  const longitude = readDegrees(read('Longitude'), 180);
  if (latitude === undefined || longitude === undefined) return undefined;
  const label = read('Label');
  const address = read('Address');
  return {
    kind: 'location',
    latitude,
    longitude,
    ...(label !== undefined && { label }),
    ...(address !== undefined && { address }),
  };
}

/** A decimal number within ±`limit`; the exponent is for what Java makes of small numbers (`1.0E-5`). */
function readDegrees(text: string | undefined, limit: number): number | undefined {
  if (text === undefined || text.length > 40 || !/^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text)) return undefined;
  const degrees = Number(text);
  return Math.abs(degrees) <= limit ? degrees : undefined;
}
