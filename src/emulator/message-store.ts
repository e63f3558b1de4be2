import type { Clock } from '../common/clock';
import type { Journal } from './journal';
import type { Media, Message } from './message';

type Change = Partial<Pick<Message, 'status' | 'errorCode' | 'sentAt' | 'from' | 'body' | 'reception'>>;

const KEPT = 10_000;

/** The account's messages, oldest first; beyond 10,000 the oldest go. */
export class MessageStore {
  readonly #messages = new Map<string, Message>();

  constructor(
    private readonly clock: Clock,
    private readonly journal: Journal,
  ) {}

  add(message: Message): void {
    this.#messages.set(message.sid, message);
    const [oldest] = this.#messages.keys();
    if (this.#messages.size > KEPT && oldest !== undefined) this.#messages.delete(oldest);
    this.journal.events.emit('message', message);
  }

  get(sid: string): Message | undefined {
    return this.#messages.get(sid);
  }

  all(): Message[] {
    return [...this.#messages.values()];
  }

  media(sid: string): Media | undefined {
    for (const message of this.#messages.values()) {
      const media = message.media.find((candidate) => candidate.sid === sid);
      if (media) return media;
    }
    return undefined;
  }

  update(message: Message, change: Change): void {
    Object.assign(message, change, { updatedAt: this.clock.now() });
    this.journal.events.emit('update', message);
  }

  remove(message: Message): void {
    this.#messages.delete(message.sid);
    this.journal.events.emit('remove', message);
  }
}
