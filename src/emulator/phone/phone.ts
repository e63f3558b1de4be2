import type { Account } from '../accounts/account';
import type { Sender } from '../accounts/sender';
import type { Core } from '../core';
import type { Delivery } from '../delivery';
import type { Media, Message, Place } from '../message';
import { addressOf, chatOf, type User } from './user';
import type { Inbound, WebhookOutcome } from '../webhooks/inbound';
import type { KindParameters } from '../webhooks/inbound-parameters';
import type { Inbox, MessageMatcher } from './inbox';
import { PhoneError } from './phone.error';
import type { ReceivedMessage } from './received-message';
import { SAMPLE_AUDIO, SAMPLE_PDF, SAMPLE_PNG } from './samples';

/** A file to send: its bytes, a URL that has them, or, with neither, a small sample. */
export interface FileToSend {
  readonly data?: Buffer;
  readonly url?: string;
  readonly contentType?: string;
  readonly caption?: string;
  /** The name of a document, shown on the phone. */
  readonly filename?: string;
}

/** What any message can have besides what it says. */
export interface SendContext {
  /** The message that it answers by quoting it. */
  readonly quoting?: { readonly sid: string };
  /** Whether it was forwarded from elsewhere; `frequently` when that happened many times before. */
  readonly forwarded?: 'once' | 'frequently';
}

export interface ContactToSend {
  readonly name: string;
  readonly phone: string;
}

interface Sending {
  readonly messageType: string;
  readonly body?: string;
  readonly media?: FileToSend & { readonly contentType: string };
  readonly place?: Place;
  readonly kind?: KindParameters;
  readonly replyTo?: Message;
  readonly forwarded?: SendContext['forwarded'];
}

const WAIT_MS = 5000;

/**
 * One WhatsApp user's phone, in the chat with one sender. What it sends resolves once the application has answered the webhook, whatever the
 * answer was.
 *
 * @example
 * const phone = twilio.phone('+15551230001', { profileName: 'Ana' });
 * await phone.sends('hi');
 * const reply = await phone.receives(/hello/i);
 */
export class Phone {
  constructor(
    private readonly core: Core,
    private readonly delivery: Delivery,
    private readonly inbound: Inbound,
    private readonly inbox: Inbox,
    readonly user: User,
    private readonly account: Account,
    private readonly sender: Sender,
  ) {}

  /** As Twilio writes it: `whatsapp:+15551230001`. */
  get address(): string {
    return addressOf(this.user);
  }

  sends(text: string, context: SendContext = {}): Promise<WebhookOutcome> {
    return this.#send({ messageType: 'text', body: text, ...this.#context(context) });
  }

  sendsImage(file: FileToSend = {}, context: SendContext = {}): Promise<WebhookOutcome> {
    return this.#sendFile('image', file, 'image/png', SAMPLE_PNG, context);
  }

  sendsSticker(file: FileToSend = {}, context: SendContext = {}): Promise<WebhookOutcome> {
    return this.#sendFile('sticker', file, 'image/webp', SAMPLE_PNG, context);
  }

  sendsVideo(file: FileToSend, context: SendContext = {}): Promise<WebhookOutcome> {
    return this.#sendFile('video', file, 'video/mp4', Buffer.alloc(0), context);
  }

  /** A voice note. */
  sendsVoice(file: FileToSend = {}, context: SendContext = {}): Promise<WebhookOutcome> {
    return this.#sendFile('audio', file, 'audio/ogg', SAMPLE_AUDIO, context);
  }

  sendsDocument(file: FileToSend = {}, context: SendContext = {}): Promise<WebhookOutcome> {
    return this.#sendFile('document', file, 'application/pdf', SAMPLE_PDF, context);
  }

  sendsContact(contact: ContactToSend, context: SendContext = {}): Promise<WebhookOutcome> {
    const card = `BEGIN:VCARD\r\nVERSION:3.0\r\nFN:${contact.name}\r\nTEL;TYPE=CELL:${contact.phone}\r\nEND:VCARD\r\n`;
    const file = { data: Buffer.from(card), contentType: 'text/vcard' };
    return this.#sendFile('contacts', file, 'text/vcard', SAMPLE_PNG, context);
  }

  sendsLocation(place: Place, context: SendContext = {}): Promise<WebhookOutcome> {
    const kind = {
      Latitude: String(place.latitude),
      Longitude: String(place.longitude),
      ...(place.address === undefined ? {} : { Address: place.address }),
      ...(place.label === undefined ? {} : { Label: place.label }),
    };
    return this.#send({ messageType: 'location', place, kind, ...this.#context(context) });
  }

  /** Answers a message by quoting it. */
  replies(text: string, quoting: { readonly sid: string }): Promise<WebhookOutcome> {
    return this.sends(text, { quoting });
  }

  /** Puts an emoji on a message; an empty one takes it back. */
  reacts(emoji: string, to: { readonly sid: string }): Promise<WebhookOutcome> {
    return this.#send({ messageType: 'reaction', body: emoji, replyTo: this.#message(to.sid) });
  }

  /**
   * Taps the button with this title, of the given message or of the last one that has it.
   *
   * @throws PhoneError when there is no such button on the phone.
   */
  async taps(title: string, on?: { readonly sid: string }): Promise<WebhookOutcome> {
    const has = (message: Message): boolean => buttonOf(message, title) !== undefined;
    const message = this.#last(has, on?.sid);
    const button = message && buttonOf(message, title);
    if (!message || !button)
      throw new PhoneError('NOT_ON_PHONE', `No button ${JSON.stringify(title)} is on the phone of ${this.user.id}.`);
    return this.#send({
      messageType: 'interactive',
      body: button.title,
      kind: { ButtonText: button.title, ButtonPayload: button.id, Forwarded: 'false', FrequentlyForwarded: 'false' },
      replyTo: message,
    });
  }

  /**
   * Picks the row with this title from the last list.
   *
   * @throws PhoneError when there is no such row on the phone.
   */
  async picks(title: string, on?: { readonly sid: string }): Promise<WebhookOutcome> {
    const message = this.#last((candidate) => rowOf(candidate, title) !== undefined, on?.sid);
    const row = message && rowOf(message, title);
    if (!message || !row)
      throw new PhoneError('NOT_ON_PHONE', `No row ${JSON.stringify(title)} is on the phone of ${this.user.id}.`);
    const kind: Record<string, string> = { ListId: row.id, ListTitle: row.title };
    if (row.description !== undefined) kind.ListDescription = row.description;
    return this.#send({ messageType: 'interactive', body: row.title, kind, replyTo: message });
  }

  /**
   * The next message that matches and was not returned before, whether it is there already or still comes.
   *
   * @throws PhoneError when none has come after `timeoutMs` (5000 by default) of real time.
   */
  receives(matcher?: MessageMatcher, { timeoutMs = WAIT_MS } = {}): Promise<ReceivedMessage> {
    return this.inbox.take(matcher, timeoutMs);
  }

  /** The user opens the chat and sees what is there. */
  reads(): void {
    this.delivery.readAll(this.user, this.sender.address);
  }

  /** Takes the phone off the network: messages stay `sent` until it is back. */
  goesOffline(): void {
    this.user.online = false;
    this.core.journal.events.emit('user', this.user);
  }

  goesOnline(): void {
    this.user.online = true;
    this.core.journal.events.emit('user', this.user);
    this.delivery.online(this.user);
  }

  /** Opts out of the sender's messages, which are refused from then on (21610), or in again. */
  optsOut(out = true): void {
    chatOf(this.user, this.sender.address).optedOut = out;
    this.core.journal.events.emit('user', this.user);
  }

  /** Blocks the sender, whose messages stay `sent`, or lets it through again. */
  blocks(blocked = true): void {
    chatOf(this.user, this.sender.address).blocked = blocked;
    this.core.journal.events.emit('user', this.user);
  }

  #sendFile(
    messageType: string,
    file: FileToSend,
    contentType: string,
    sample: Buffer,
    context: SendContext,
  ): Promise<WebhookOutcome> {
    const source = file.url === undefined ? { data: file.data ?? sample } : { url: file.url };
    const name = file.filename === undefined ? {} : { filename: file.filename };
    const media = { ...source, ...name, contentType: file.contentType ?? contentType };
    return this.#send({ messageType, body: file.caption ?? '', media, ...this.#context(context) });
  }

  #context({ quoting, forwarded }: SendContext): Pick<Sending, 'replyTo' | 'forwarded'> {
    return {
      ...(quoting === undefined ? {} : { replyTo: this.#message(quoting.sid) }),
      ...(forwarded === undefined ? {} : { forwarded }),
    };
  }

  #send(sending: Sending): Promise<WebhookOutcome> {
    const { clock, journal, messages, random, work } = this.core;
    const { account, sender } = this;
    const now = clock.now();
    const rich = sending.messageType !== 'text';
    const { replyTo, forwarded } = sending;
    const message: Message = {
      sid: random.sid(rich ? 'MM' : 'SM'),
      accountSid: account.sid,
      ordinal: messages.nextOrdinal(),
      direction: 'inbound',
      user: this.user,
      from: this.address,
      to: sender.address,
      body: sending.body ?? '',
      media: sending.media ? [this.#media(sending.media, now)] : [],
      extras: sending.place ? { place: sending.place } : {},
      status: 'received',
      errorCode: null,
      createdAt: now,
      updatedAt: now,
      sentAt: now,
      messagingServiceSid: account.serviceOf(sender.address)?.sid ?? null,
      messageType: sending.messageType,
      ...(replyTo === undefined ? {} : { replyTo: replyTo.sid }),
      ...(forwarded === undefined ? {} : { forwarded }),
    };
    chatOf(this.user, sender.address).lastWroteAt = now;
    journal.events.emit('user', this.user);
    messages.add(message);
    const quoted = replyTo && {
      OriginalRepliedMessageSid: replyTo.sid,
      OriginalRepliedMessageSender: replyTo.from ?? sender.address,
    };
    const passedOn = forwarded && { Forwarded: 'true', FrequentlyForwarded: String(forwarded === 'frequently') };
    return new Promise((resolve, reject) => {
      work.run(() => this.inbound.deliver(message, { ...sending.kind, ...quoted, ...passedOn }).then(resolve, reject));
    });
  }

  #media(file: FileToSend & { readonly contentType: string }, now: number): Media {
    const { data, url, contentType, filename } = file;
    return {
      sid: this.core.random.sid('ME'),
      createdAt: now,
      contentType,
      ...(filename === undefined ? {} : { filename }),
      ...(data === undefined ? {} : { data }),
      ...(url === undefined ? {} : { url }),
    };
  }

  #message(sid: string): Message {
    const message = this.core.messages.get(sid);
    if (message?.user !== this.user)
      throw new PhoneError('NOT_ON_PHONE', `No message ${sid} is on the phone of ${this.user.id}.`);
    return message;
  }

  #last(has: (message: Message) => boolean, sid: string | undefined): Message | undefined {
    const here = this.core.messages
      .ofUser(this.user)
      .filter((message) => message.from === this.sender.address && isOnPhone(message));
    return here.findLast((message) => has(message) && (sid === undefined || message.sid === sid));
  }
}

function isOnPhone(message: Message): boolean {
  return message.status === 'delivered' || message.status === 'read';
}

function buttonOf(message: Message, title: string): { title: string; id: string } | undefined {
  return message.extras.buttons?.find((button) => button.title === title && button.action === 'reply');
}

function rowOf(message: Message, title: string): { id: string; title: string; description?: string } | undefined {
  return message.extras.rows?.find((row) => row.title === title);
}
