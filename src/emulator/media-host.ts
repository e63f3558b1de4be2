import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Core } from './core';
import { closeServer, type Reply, listen, targetOf, write } from './http';
import type { Media, Message } from './message';

const VALID_MS = 4 * 3_600_000;

/**
 * The host that has the bytes of media, as `mms.twiliocdn.com` is another than `api.twilio.com`: an origin of its own,
 * with signed addresses that end, and with no patience for credentials.
 */
export class MediaHost {
  readonly #server: Server;
  #origin = '';

  constructor(private readonly core: Core) {
    this.#server = createServer((request, response) => this.#handle(request, response));
  }

  async listen(port: number, host: string): Promise<void> {
    this.#origin = await listen(this.#server, port, host);
  }

  close(): Promise<void> {
    return closeServer(this.#server);
  }

  /** An address that gives the file to whoever has it, for four hours. */
  addressOf(message: Message, media: Media): string {
    const path = `/${message.accountSid}/${media.sid}`;
    const expires = this.core.clock.now() + VALID_MS;
    return `${this.#origin}${path}?Expires=${expires}&Signature=${this.#sign(path, expires)}`;
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    write(response, this.#answer(request));
  }

  #answer(request: IncomingMessage): Reply {
    const url = targetOf(request);
    if (!url) return refusal(400, 'InvalidURI', 'The target of the request is no URL');
    const { pathname, searchParams } = url;
    if (request.headers.authorization !== undefined) {
      return refusal(400, 'InvalidArgument', 'Only one auth mechanism allowed: leave out the Authorization header');
    }
    const expires = Number(searchParams.get('Expires'));
    const valid = isSame(searchParams.get('Signature') ?? '', this.#sign(pathname, expires));
    if (!valid || !(this.core.clock.now() < expires)) return refusal(403, 'AccessDenied', 'Access denied');
    const media = this.core.messages.media(pathname.split('/').at(-1) ?? '');
    if (!media?.data) return refusal(404, 'NoSuchKey', 'The file does not exist');
    return { status: 200, headers: { ...SAFE, 'content-type': media.contentType }, body: media.data };
  }

  #sign(path: string, expires: number): string {
    return createHmac('sha256', this.core.mediaSecret).update(`${path} ${expires}`).digest('hex');
  }
}

/** What a user sent must not run as a page in a browser that opens it. */
const SAFE = { 'x-content-type-options': 'nosniff', 'content-security-policy': 'sandbox' };

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function refusal(status: number, code: string, message: string): Reply {
  const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  return { status, headers: { 'content-type': 'application/xml' }, body };
}
