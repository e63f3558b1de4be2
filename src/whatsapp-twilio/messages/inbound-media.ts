import type { InboundMedia } from './inbound-message';
import type { ParameterReader } from './webhook-parameters';

/** More files than any message carries; keeps a made-up `NumMedia` from costing anything. */
const MOST_MEDIA = 100;

/** The kinds of message that are made of files. */
export type MediaKind = 'image' | 'video' | 'audio' | 'document' | 'sticker' | 'contacts';

const vcardTypes: ReadonlySet<string> = new Set(['text/vcard', 'text/x-vcard', 'text/directory']);

/** The files that came with a message: those that are there, whatever `NumMedia` claims beyond them. */
export function readMedia(read: ParameterReader): InboundMedia[] {
  const claimed = read('NumMedia') ?? '';
  const count = /^\d{1,9}$/.test(claimed) ? Math.min(Number(claimed), MOST_MEDIA) : MOST_MEDIA;
  const media: InboundMedia[] = [];
  for (let index = 0; index < count; index++) {
    const file = toMedia(read(`MediaUrl${index}`), read(`MediaContentType${index}`));
    if (file) media.push(file);
  }
  return media;
}

/** A file whose type Twilio left out is of the type that means "unknown" (RFC 2046, section 4.5.1). */
export function toMedia(url: string | undefined, contentType: string | undefined): InboundMedia | undefined {
  return url === undefined ? undefined : { url, contentType: contentType ?? 'application/octet-stream' };
}

/**
 * What a file is when Twilio does not say. WhatsApp sends photos as JPEG or PNG and stickers as WebP without a caption,
 * so a WebP image counts as a sticker unless it has one.
 */
export function mediaKindOf(file: InboundMedia, hasCaption: boolean): MediaKind {
  const type = (file.contentType.split(';', 1)[0] ?? '').trim().toLowerCase();
  if (vcardTypes.has(type)) return 'contacts';
  if (type === 'image/webp' && !hasCaption) return 'sticker';
  if (type.startsWith('image/')) return 'image';
  if (type.startsWith('video/')) return 'video';
  if (type.startsWith('audio/')) return 'audio';
  return 'document';
}
