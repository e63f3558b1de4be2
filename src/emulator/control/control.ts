import type { IncomingMessage, ServerResponse } from 'node:http';
import { parseUrl } from '../../common/parse-url';
import { parseAddress } from '../../whatsapp-twilio/messages/address';
import type { Account } from '../accounts/account';
import type { Sender } from '../accounts/sender';
import type { Core } from '../core';
import { json, readBody, type Reply, write } from '../http';
import type { Phone } from '../phone/phone';
import type { Phones } from '../phone/phones';
import { PhoneError } from '../phone/phone.error';
import type { UserOptions } from '../phone/users';
import { CommandError, type Fields, flag, optional, sendAs, text } from './command';
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
        request.method === 'GET' ? await this.#get(request, url.pathname) : await this.#post(request, url.pathname),
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
    if (request.method !== 'POST') return json(405, { error: 'Use GET or POST' });
    if (body === undefined) return json(413, { error: 'The command is too large' });
    // A page from elsewhere cannot send this type without asking first, and it is never allowed.
    if (!(request.headers['content-type'] ?? '').startsWith('application/json')) {
      return json(415, { error: 'Commands are application/json' });
    }
    try {
      return await this.#command(path, parse(body));
    } catch (error) {
      // A duration, a fault or an address that is none.
      if (error instanceof RangeError) return json(400, { error: error.message });
      if (error instanceof CommandError) return json(400, { error: error.message });
      if (error instanceof PhoneError) return json(409, { error: error.message, code: error.code });
      throw error;
    }
  }

  async #command(path: string, fields: Fields): Promise<Reply> {
    switch (path) {
      case '/_emulator/phones':
        return json(201, this.#setUp(fields));
      case '/_emulator/messages':
        return json(200, await sendAs(this.#phone(fields), fields));
      case '/_emulator/read':
        this.#phone(fields).reads();
        return { status: 204 };
      case '/_emulator/faults':
        this.core.faults.set(fields);
        return { status: 204 };
      case '/_emulator/clock':
        this.core.clock.advance(text(fields, 'advance'));
        this.core.journal.events.emit('clock', this.core.clock.now());
        return json(200, { now: this.core.clock.now() });
      case '/_emulator/webhook':
        this.#setWebhook(fields);
        return { status: 204 };
      default:
        return json(404, { error: `There is nothing at ${path}` });
    }
  }

  /** Makes a phone known, or changes one: its name, whether it is on the network and whether it tells what was read. */
  #setUp(fields: Fields): { phone: string } {
    const profileName = optional(fields, 'profileName');
    const readReceipts = flag(fields, 'readReceipts');
    const online = flag(fields, 'online');
    const phone = this.#phone(fields, {
      // The page itself says when the user has seen something.
      open: false,
      ...(profileName === undefined ? {} : { profileName }),
      ...(readReceipts === undefined ? {} : { readReceipts }),
    });
    if (online === false) phone.goesOffline();
    if (online === true) phone.goesOnline();
    return { phone: phone.user.id };
  }

  /** Of the sender that is named, or of all senders of the first account. */
  #setWebhook(fields: Fields): void {
    const statusCallback = optional(fields, 'statusCallback');
    const webhook = {
      url: httpUrl(text(fields, 'url')),
      ...(statusCallback === undefined ? {} : { statusCallback: httpUrl(statusCallback) }),
    };
    const named = optional(fields, 'sender');
    const { account, sender } = this.#sender(fields);
    for (const one of named === undefined ? account.senders.values() : [sender]) one.webhook = webhook;
    this.core.journal.events.emit('account', account);
  }

  #phone(fields: Fields, options?: UserOptions): Phone {
    const address = text(fields, 'phone');
    if (!parseAddress(address)) throw new CommandError('phone is neither a number such as +15551230001 nor a user id');
    const { account, sender } = this.#sender(fields);
    return this.phones.of(address, account, sender, options);
  }

  /** Whom a phone writes to: the sender that is named, or the first of all. */
  #sender(fields: Fields): { account: Account; sender: Sender } {
    const address = optional(fields, 'sender');
    const accountSid = optional(fields, 'accountSid');
    for (const account of this.core.accounts.all()) {
      if (accountSid !== undefined && account.sid !== accountSid) continue;
      const [first] = account.senders.values();
      const sender = address === undefined ? first : account.senders.get(address);
      if (sender) return { account, sender };
    }
    throw new CommandError(address === undefined ? 'There is no sender' : `There is no sender ${address}`);
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
