import type { IncomingMessage } from 'node:http';
import { PassThrough, type Readable } from 'node:stream';
import type { Clock } from '../../common/clock';
import { Downloads } from '../../common/downloads';
import { parseUrl } from '../../common/parse-url';
import { twilioApiBaseUrl } from '../contract/messaging.whatsapp.twilio';
import { describeRefusal, MediaError } from './media.errors';

/** A file on its way. The stream has to be read or destroyed. */
export interface MediaFile {
  readonly contentType: string;
  /** Bytes, where the server says. */
  readonly contentLength?: number;
  readonly stream: Readable;
}

export interface MediaClientOptions {
  /** The origin of Twilio's API, or of what stands in for it. */
  readonly baseUrl: string;
  readonly clock: Clock;
  /** A larger file is not passed on, in bytes. 100 MiB unless given. */
  readonly maxBytes?: number;
}

/** Whose file it is: its address has to be of this account and message before credentials are sent there. */
export interface MediaRequest {
  readonly url: string;
  readonly accountSid: string;
  readonly messageSid: string;
  readonly credentials: { readonly username: string; readonly password: string };
  readonly signal?: AbortSignal;
}

const MOST_REDIRECTS = 3;
const LARGEST_BYTES = 100 * 1024 * 1024;
const HEADERS_TIMEOUT_MS = 10_000;
/** Between two pieces of a file. */
const BODY_TIMEOUT_MS = 30_000;
/** For a whole file: who takes longer has gone away without saying so. */
const FILE_TIMEOUT_MS = 600_000;
const SOCKETS = 16;
/** A file that has just come in is not there for everyone at once. */
const LOOK_AGAIN_AFTER_MS = [1000, 3000] as const;

/**
 * Fetches the files of inbound messages. Credentials go to the API alone, and only for a file of the message; redirects
 * are followed by hand, without them, and nowhere but to Twilio's own hosts.
 *
 * @see https://www.twilio.com/docs/messaging/api/media-resource
 */
export class MediaClient {
  readonly #downloads = new Downloads({
    sockets: SOCKETS,
    headersTimeoutMs: HEADERS_TIMEOUT_MS,
    idleTimeoutMs: BODY_TIMEOUT_MS,
    totalTimeoutMs: FILE_TIMEOUT_MS,
  });
  readonly #origin: string;
  readonly #clock: Clock;
  readonly #maxBytes: number;

  constructor({ baseUrl, clock, maxBytes = LARGEST_BYTES }: MediaClientOptions) {
    this.#origin = new URL(baseUrl).origin;
    this.#clock = clock;
    this.#maxBytes = maxBytes;
  }

  /**
   * Resolves once the file begins to come.
   *
   * @throws MediaError
   */
  async open(file: MediaRequest): Promise<MediaFile> {
    const url = parseUrl(file.url);
    if (url === undefined || !this.#isOfMessage(url, file)) throw new MediaError('MEDIA_NOT_AT_TWILIO');
    for (const pause of [...LOOK_AGAIN_AFTER_MS, undefined]) {
      const answer = await this.#follow(url, file);
      if (answer.statusCode !== 404 || pause === undefined) return this.#take(answer, file.signal);
      this.#downloads.leave(answer);
      await this.#pause(pause, file.signal);
    }
    throw new MediaError('MEDIA_GONE');
  }

  close(): void {
    this.#downloads.close();
  }

  async #follow(start: URL, { credentials, signal }: MediaRequest): Promise<IncomingMessage> {
    const { username, password } = credentials;
    let headers: Record<string, string> = {
      authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
    };
    let url = start;
    for (let hop = 0; hop <= MOST_REDIRECTS; hop++) {
      const answer = await this.#get(url, headers, signal);
      const { statusCode = 0 } = answer;
      if (statusCode < 300 || statusCode >= 400) return answer;
      this.#downloads.leave(answer);
      const { location } = answer.headers;
      const next = location !== undefined ? parseUrl(location, url.href) : undefined;
      if (next === undefined || !this.#mayRedirectTo(next)) throw new MediaError('MEDIA_NOT_AT_TWILIO');
      // The address it leads to is signed; credentials beside that signature would be refused, and given away.
      headers = {};
      url = next;
    }
    throw new MediaError('MEDIA_UNAVAILABLE', 'too many redirects');
  }

  async #get(url: URL, headers: Record<string, string>, signal?: AbortSignal): Promise<IncomingMessage> {
    try {
      return await this.#downloads.get(url, { ...headers, 'user-agent': 'nestjs-whatsapp-twilio' }, signal);
    } catch (error) {
      const { code, name } = error as NodeJS.ErrnoException;
      throw new MediaError('MEDIA_UNAVAILABLE', code ?? name);
    }
  }

  #take(answer: IncomingMessage, signal?: AbortSignal): MediaFile {
    const { statusCode = 0, headers } = answer;
    if (statusCode !== 200) {
      this.#downloads.leave(answer);
      throw describeRefusal(statusCode);
    }
    const length = Number(headers['content-length'] ?? Number.NaN);
    if (length > this.#maxBytes) {
      this.#downloads.leave(answer);
      throw new MediaError('MEDIA_TOO_LARGE');
    }
    const type = headers['content-type'] ?? '';
    return {
      contentType: /^[\w.+-]+\/[\w.+-]+/.test(type) ? type : 'application/octet-stream',
      ...(Number.isSafeInteger(length) && { contentLength: length }),
      stream: this.#bounded(answer, signal),
    };
  }

  /** The same bytes, until there are too many of them. */
  #bounded(body: Readable, signal?: AbortSignal): Readable {
    let size = 0;
    const bounded = new PassThrough();
    body.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > this.#maxBytes) bounded.destroy(new MediaError('MEDIA_TOO_LARGE'));
    });
    body.on('error', (error) =>
      bounded.destroy(new MediaError('MEDIA_UNAVAILABLE', (error as NodeJS.ErrnoException).code ?? error.name)),
    );
    bounded.on('close', () => body.destroy());
    signal?.addEventListener('abort', () => bounded.destroy(), { once: true });
    return body.pipe(bounded);
  }

  #isOfMessage(url: URL, { accountSid, messageSid }: MediaRequest): boolean {
    const path = new RegExp(
      `^/2010-04-01/Accounts/${accountSid}/Messages/${messageSid}/Media/ME[0-9a-fA-F]{32}(\\.json)?$`,
    );
    return url.origin === this.#origin && url.username === '' && path.test(url.pathname);
  }

  #mayRedirectTo(url: URL): boolean {
    // What stands in for Twilio keeps its files where it is itself, if on another port.
    if (this.#origin !== twilioApiBaseUrl) return url.hostname === new URL(this.#origin).hostname;
    return url.protocol === 'https:' && url.port === '' && /^([\w-]+\.)+(twilio|twiliocdn)\.com$/.test(url.hostname);
  }

  #pause(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.setTimeout(resolve, delayMs);
      signal?.addEventListener(
        'abort',
        () => {
          cancel();
          resolve();
        },
        { once: true },
      );
    });
  }
}
