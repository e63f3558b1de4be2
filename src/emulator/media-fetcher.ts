import { Agent, request } from 'undici';

/** A file that Twilio fetched from a `MediaUrl`, or the error code of the message that cannot be sent without it. */
export type FetchedMedia =
  | { readonly fetched: true; readonly contentType: string; readonly data: Buffer }
  | { readonly fetched: false; readonly code: number };

const LARGEST_MEDIA = 16 * 1024 * 1024;
const TIME_LIMIT_MS = 10_000;
/** A connection for each file, so that none stays open. */
const agent = new Agent({ pipelining: 0 });

/** @see https://www.twilio.com/docs/whatsapp/guidance-whatsapp-media-messages */
export async function fetchMedia(url: string, stopping: AbortSignal): Promise<FetchedMedia> {
  try {
    const signal = AbortSignal.any([AbortSignal.timeout(TIME_LIMIT_MS), stopping]);
    const { statusCode, headers, body } = await request(url, { dispatcher: agent, signal });
    if (statusCode !== 200) {
      await body.dump();
      return { fetched: false, code: 63019 };
    }
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > LARGEST_MEDIA) return { fetched: false, code: 63034 };
      chunks.push(chunk);
    }
    if (size === 0) return { fetched: false, code: 63019 };
    const contentType = String(headers['content-type'] ?? 'application/octet-stream');
    return { fetched: true, contentType: contentType.replace(/;.*$/s, '').trim(), data: Buffer.concat(chunks) };
  } catch {
    return { fetched: false, code: 63019 };
  }
}
