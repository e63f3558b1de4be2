import type { Clock } from '../common/clock';
import type { Journal } from './journal';
import type { Media, Message } from './message';
import { OrderedLog } from './ordered-log';

type Change = Partial<Pick<Message, 'status' | 'errorCode' | 'sentAt' | 'from' | 'body' | 'reception' | 'feedback'>>;

/** Which messages to list: of an account, and of it only those to or from an address. */
export interface MessageFilter {
  readonly accountSid: string;
  readonly to?: string | undefined;
  readonly from?: string | undefined;
}

/** The messages of all accounts, oldest first; beyond `kept` the oldest go. Every look-up goes through an index. */
export class MessageStore {
  readonly #messages = new Map<string, Message>();
  readonly #media = new Map<string, { readonly media: Media; readonly message: Message }>();
  readonly #logs = new Map<string, OrderedLog>();
  #ordinal = 0;

  constructor(
    private readonly clock: Clock,
    private readonly journal: Journal,
    private readonly kept: number,
  ) {}

  add(message: Message): void {
    this.#messages.set(message.sid, message);
    for (const key of keysOf(message)) this.#log(key).add(message);
    for (const media of message.media) this.#media.set(media.sid, { media, message });
    const [oldest] = this.#messages.values();
    if (this.#messages.size > this.kept && oldest) this.#forget(oldest);
    this.journal.events.emit('message', message);
  }

  nextOrdinal(): number {
    this.#ordinal += 1;
    return this.#ordinal;
  }

  get(sid: string): Message | undefined {
    return this.#messages.get(sid);
  }

  all(): Message[] {
    return [...this.#messages.values()];
  }

  /** Those that a user sent or was sent, oldest first. */
  ofUser(user: Message['user']): readonly Message[] {
    return this.#logs.get(`user ${user.id}`)?.messages() ?? [];
  }

  /** The smallest index that has all messages of the filter: `to`, `from` or the account. It may have others. */
  candidates(filter: MessageFilter): OrderedLog {
    const { accountSid, to, from } = filter;
    const key =
      to !== undefined
        ? `to ${accountSid} ${to}`
        : from !== undefined
          ? `from ${accountSid} ${from}`
          : `of ${accountSid}`;
    return this.#logs.get(key) ?? new OrderedLog();
  }

  media(sid: string): Media | undefined {
    return this.#media.get(sid)?.media;
  }

  removeMedia(media: Media): void {
    const message = this.#media.get(media.sid)?.message;
    message?.media.splice(message.media.indexOf(media), 1);
    this.#media.delete(media.sid);
  }

  update(message: Message, change: Change): void {
    const wasFrom = message.from;
    Object.assign(message, change, { updatedAt: this.clock.now() });
    if (message.from !== wasFrom && message.from !== null && this.#messages.has(message.sid)) {
      this.#log(`from ${message.accountSid} ${message.from}`).add(message);
    }
    this.journal.events.emit('update', message);
  }

  remove(message: Message): void {
    this.#forget(message);
    this.journal.events.emit('remove', message);
  }

  #log(key: string): OrderedLog {
    let log = this.#logs.get(key);
    if (!log) {
      log = new OrderedLog();
      this.#logs.set(key, log);
    }
    return log;
  }

  #forget(message: Message): void {
    this.#messages.delete(message.sid);
    for (const media of message.media) this.#media.delete(media.sid);
    for (const key of keysOf(message)) {
      const log = this.#logs.get(key);
      log?.remove(message);
      if (log?.size === 0) this.#logs.delete(key);
    }
  }
}

function keysOf({ accountSid, to, from, user }: Message): string[] {
  const keys = [`of ${accountSid}`, `to ${accountSid} ${to}`, `user ${user.id}`];
  return from === null ? keys : [...keys, `from ${accountSid} ${from}`];
}
