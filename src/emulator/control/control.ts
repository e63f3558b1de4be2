import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Core } from '../core';
import { json, readBody, type Reply, write } from '../http';
import type { Phones } from '../phone/phones';
import { PhoneError } from '../phone/phone.error';
import { CommandError, type Fields } from './command';
import { COMMANDS } from './commands';
import { streamEvents } from './event-stream';
import { isLocal } from './guard';
import { serveMedia } from './media';
import { servePage } from './page';
import { stateView } from './view';

/** Room for a file of 16 MB in base64. */
const LARGEST_COMMAND = 23 * 1024 * 1024;

/** The phone page and what it, or a script, drives the emulator with. */
export class Control {
  constructor(
    private readonly core: Core,
    private readonly phones: Phones,
  ) {}

  async handle(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    if (!isLocal(request)) {
      request.resume();
      write(response, json(403, { error: 'The phone page and its control answer only to this machine' }));
    } else if (request.method === 'GET' && url.pathname === '/_emulator/events') {
      streamEvents(this.core, response);
    } else {
      write(
        response,
        request.method === 'GET' || request.method === 'HEAD'
          ? await this.#get(request, url.pathname)
          : await this.#post(request, url.pathname),
      );
    }
  }

  async #get(request: IncomingMessage, path: string): Promise<Reply> {
    if (path === '/_emulator/state') return json(200, stateView(this.core));
    const media = /^\/_emulator\/media\/(ME[0-9a-f]{32})$/.exec(path)?.[1];
    if (media !== undefined) return serveMedia(this.core.messages.media(media), request.headers.range);
    return (await servePage(path)) ?? json(404, { error: `There is nothing at ${path}` });
  }

  async #post(request: IncomingMessage, path: string): Promise<Reply> {
    const body = await readBody(request, LARGEST_COMMAND);
    if (request.method !== 'POST') return json(405, { error: 'Use GET or POST' }, { allow: 'GET, HEAD, POST' });
    if (body === undefined) return json(413, { error: 'The command is too large' });
    // A page from elsewhere cannot send this type without asking first, and it is never allowed.
    if (!(request.headers['content-type'] ?? '').startsWith('application/json')) {
      return json(415, { error: 'Commands are application/json' });
    }
    try {
      const command = COMMANDS.get(path);
      if (!command) return json(404, { error: `There is nothing at ${path}` });
      return await command({ core: this.core, phones: this.phones }, parse(body));
    } catch (error) {
      if (error instanceof CommandError) return json(400, { error: error.message });
      if (error instanceof RangeError) return json(400, { error: error.message });
      if (error instanceof PhoneError) return json(409, { error: error.message, code: error.code });
      throw error;
    }
  }
}

function parse(body: Buffer): Fields {
  try {
    const fields: unknown = JSON.parse(body.toString('utf8'));
    if (typeof fields === 'object' && fields !== null && !Array.isArray(fields)) return { ...fields };
  } catch {
    // Answered below, as any other body that is no object.
  }
  throw new CommandError('The body is not a JSON object');
}
