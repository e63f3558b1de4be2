import type { IncomingMessage, ServerResponse } from 'node:http';
import { parseUrl } from '../../common/parse-url';
import { parseAddress } from '../../whatsapp-twilio/messages/address';
import type { Core } from '../core';
import { json, readBody, type Reply, write } from '../http';
import type { Phone } from '../phone/phone';
import type { Phones } from '../phone/phones';
import { PhoneError } from '../phone/phone.error';
import type { UserOptions } from '../phone/users';
import { CommandError, type Fields, optional, sendAs, text } from './command';
import { streamEvents } from './event-stream';
import { isLocal } from './guard';
import { servePage } from './page';
import { stateView } from './view';

/** Room for a file of 16 MB in base64. */
const LARGEST_COMMAND = 23 * 1024 * 1024;
const SHOWN_INLINE = /^(image\/(png|jpeg|webp|gif)|audio\/[\w.+-]+|video\/[\w.+-]+)$/;

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
        request.method === 'GET' ? await this.#get(url.pathname) : await this.#post(request, url.pathname),
      );
    }
  }

  async #get(path: string): Promise<Reply> {
    if (path === '/_emulator/state') return json(200, stateView(this.core));
    const media = /^\/_emulator\/media\/(ME[0-9a-f]{32})$/.exec(path)?.[1];
    if (media !== undefined) return this.#media(media);
    return (await servePage(path)) ?? json(404, { error: `There is nothing at ${path}` });
  }

  #media(sid: string): Reply {
    const media = this.core.messages.media(sid);
    if (!media?.data) return json(404, { error: 'There is no such file' });
    const inline = SHOWN_INLINE.test(media.contentType);
    return {
      status: 200,
      headers: {
        'content-type': inline ? media.contentType : 'application/octet-stream',
        'content-disposition': inline ? 'inline' : 'attachment',
        'content-security-policy': "default-src 'none'; sandbox",
        'x-content-type-options': 'nosniff',
      },
      body: media.data,
    };
  }

  async #post(request: IncomingMessage, path: string): Promise<Reply> {
    const body = await readBody(request, LARGEST_COMMAND);
    if (request.method !== 'POST') return json(405, { error: 'Use GET or POST' });
    if (body === undefined) return json(413, { error: 'The command is too large' });
    // A page from elsewhere cannot send this type without asking first, and it is never allowed.
    if (!(request.headers['content-type'] ?? '').startsWith('application/json')) {
      return json(415, { error: 'Commands are application/json' });
    }
    try {
      return await this.#command(path, parse(body));
    } catch (error) {
      if (error instanceof CommandError) return json(400, { error: error.message });
      if (error instanceof PhoneError) return json(409, { error: error.message, code: error.code });
      throw error;
    }
  }

  async #command(path: string, fields: Fields): Promise<Reply> {
    switch (path) {
      case '/_emulator/phones': {
        const profileName = optional(fields, 'profileName');
        const phone = this.#phone(fields, {
          // The page itself says when the user has seen something.
          open: false,
          ...(profileName === undefined ? {} : { profileName }),
        });
        return json(201, { phone: phone.user.id });
      }
      case '/_emulator/messages':
        return json(200, await sendAs(this.#phone(fields), fields));
      case '/_emulator/read':
        this.#phone(fields).reads();
        return { status: 204 };
      case '/_emulator/webhook': {
        const statusCallback = optional(fields, 'statusCallback');
        const url = httpUrl(text(fields, 'url'));
        for (const sender of this.core.accounts.main.senders.values()) {
          sender.webhook = {
            url,
            ...(statusCallback === undefined ? {} : { statusCallback: httpUrl(statusCallback) }),
          };
        }
        return { status: 204 };
      }
      default:
        return json(404, { error: `There is nothing at ${path}` });
    }
  }

  #phone(fields: Fields, options?: UserOptions): Phone {
    const address = text(fields, 'phone');
    if (!parseAddress(address)) throw new CommandError('phone is neither a number such as +15551230001 nor a user id');
    const { main } = this.core.accounts;
    const [sender] = main.senders.values();
    if (!sender) throw new CommandError('The account has no sender');
    return this.phones.of(address, main, sender, options);
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

function httpUrl(url: string): string {
  if (!/^https?:\/\//i.test(url) || parseUrl(url) === undefined) throw new CommandError('Not an http URL');
  return url;
}
