import { Downloads } from '../common/downloads';

/** A file that Twilio fetched from a `MediaUrl`, or the error code of the message that cannot be sent without it. */
export type FetchedMedia =
  | { readonly fetched: true; readonly contentType: string; readonly data: Buffer }
  | { readonly fetched: false; readonly code: number };

const LARGEST_MEDIA = 16 * 1024 * 1024;
const TIME_LIMIT_MS = 10_000;
const downloads = new Downloads({
  sockets: 16,
  headersTimeoutMs: TIME_LIMIT_MS,
  idleTimeoutMs: TIME_LIMIT_MS,
  totalTimeoutMs: TIME_LIMIT_MS,
});

/** @see https://www.twilio.com/docs/whatsapp/guidance-whatsapp-media-messages */
export async function fetchMedia(url: string, stopping: AbortSignal): Promise<FetchedMedia> {
  try {
    // A connection for each file, so that none stays open.
    const answer = await downloads.get(new URL(url), { connection: 'close' }, stopping);
    if (answer.statusCode !== 200) {
      downloads.leave(answer);
      return { fetched: false, code: 63019 };
    }
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > LARGEST_MEDIA) return { fetched: false, code: 63034 };
      chunks.push(chunk);
    }
    if (size === 0) return { fetched: false, code: 63019 };
    const contentType = answer.headers['content-type'] ?? 'application/octet-stream';
    return { fetched: true, contentType: contentType.replace(/;.*$/s, '').trim(), data: Buffer.concat(chunks) };
  } catch {
    return { fetched: false, code: 63019 };
  }
}
