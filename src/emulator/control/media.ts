import { json, type Reply } from '../http';
import type { Media } from '../message';

const SHOWN_INLINE = /^(image\/(png|jpeg|webp|gif)|audio\/[\w.+-]+|video\/[\w.+-]+)$/;

/**
 * A file for the page, or the part that a `Range` header asks for: players need that to jump. What a browser could run
 * is handed over as a download only.
 */
export function serveMedia(media: Media | undefined, range: string | undefined): Reply {
  if (!media?.data) return json(404, { error: 'There is no such file' });
  const { data } = media;
  const inline = SHOWN_INLINE.test(media.contentType);
  const headers = {
    'content-type': inline ? media.contentType : 'application/octet-stream',
    'content-disposition': inline ? 'inline' : 'attachment',
    'content-security-policy': "default-src 'none'; sandbox",
    'x-content-type-options': 'nosniff',
    'accept-ranges': 'bytes',
  };
  const part = partOf(range, data.length);
  if (part === undefined) return { status: 200, headers, body: data };
  const [from, to] = part;
  if (from > to) return { status: 416, headers: { ...headers, 'content-range': `bytes */${data.length}` } };
  return {
    status: 206,
    headers: { ...headers, 'content-range': `bytes ${from}-${to}/${data.length}` },
    body: data.subarray(from, to + 1),
  };
}

/** First and last byte; `undefined` where the whole file is asked for. @see RFC 9110, section 14.1.2 */
function partOf(range: string | undefined, length: number): [number, number] | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(range ?? '');
  const [, from, to] = match ?? [];
  if (from === undefined || to === undefined || (from === '' && to === '')) return undefined;
  if (from === '') return [Math.max(0, length - Number(to)), length - 1];
  return [Number(from), to === '' ? length - 1 : Math.min(Number(to), length - 1)];
}
