import type { Core } from './core';
import { fetchMedia } from './media-fetcher';
import { isFinal, type Message } from './message';
import { mediaFailure } from './rules/media-rules';
import { type Refusal, refusalOf } from './rules/refusal';
import { chatOf } from './phone/user';
import { StatusCallbacks } from './webhooks/status-callbacks';

/**
 * Carries messages to their phones: accepted or scheduled → queued → sent → delivered → read, each after its delay and
 * reported to the status callback; the initial status is not reported.
 *
 * @see https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks
 */
export class Delivery {
  readonly #callbacks: StatusCallbacks;
  /** Sent to a phone that is offline. */
  readonly #waiting = new Set<Message>();
  readonly #scheduled = new Map<Message, () => void>();

  constructor(private readonly core: Core) {
    this.#callbacks = new StatusCallbacks(core);
  }

  start(message: Message): void {
    const { work, clock, statusDelays } = this.core;
    if (message.sendAt !== undefined) {
      const cancel = work.after(message.sendAt - clock.now(), () => {
        this.#scheduled.delete(message);
        this.#queue(message);
      });
      this.#scheduled.set(message, cancel);
    } else if (message.status === 'accepted') {
      work.step(statusDelays.queued, () => this.#queue(message));
    } else {
      work.step(statusDelays.sent, () => this.#send(message));
    }
  }

  /** Cancels a scheduled message; `false` if it is none. */
  cancel(message: Message): boolean {
    if (!this.#scheduled.has(message)) return false;
    this.#scheduled.get(message)?.();
    this.#scheduled.delete(message);
    this.#report(message, 'canceled');
    return true;
  }

  /** Hands over what waited for the phone to come online. */
  online(user: Message['user']): void {
    for (const message of this.#waiting) {
      if (message.user !== user) continue;
      this.#waiting.delete(message);
      this.#deliverLater(message);
    }
  }

  /** The user has seen everything that arrived from this sender so far. */
  readAll(user: Message['user'], sender: string): void {
    if (!user.readReceipts) return;
    for (const message of this.core.messages.ofUser(user)) {
      if (message.from === sender && message.status === 'delivered') this.#report(message, 'read');
    }
  }

  #queue(message: Message): void {
    this.core.messages.update(message, { from: message.from ?? this.#pick(message) });
    this.#report(message, 'queued');
    this.core.work.step(this.core.statusDelays.sent, () => this.#send(message));
  }

  /** A service stays with the sender that the user knows, and otherwise takes the first of its pool. */
  #pick(message: Message): string | null {
    const pool = this.core.accounts.of(message).services.get(message.messagingServiceSid ?? '')?.pool ?? [];
    return pool.find((address) => message.user.chats.has(address)) ?? pool[0] ?? null;
  }

  #send(message: Message): void {
    if (this.#isDeleted(message)) return;
    const refusal = refusalOf(this.core, message);
    if (refusal === undefined && message.media.some(({ url }) => url !== undefined)) {
      this.core.work.run(async () => {
        const code = await this.#fetchMedia(message);
        this.#leave(message, code === undefined ? undefined : { status: 'failed', code });
      });
    } else {
      this.#leave(message, refusal);
    }
  }

  #leave(message: Message, refusal: Refusal | undefined): void {
    if (this.#isDeleted(message)) return;
    if (refusal?.status === 'failed') {
      this.#report(message, 'failed', refusal.code);
      return;
    }
    const now = this.core.clock.now();
    const chat = chatOf(message.user, message.from ?? '');
    chat.sentAt = now;
    this.core.messages.update(message, { sentAt: now });
    this.#report(message, 'sent');
    if (refusal) {
      this.core.work.step(this.core.statusDelays.delivered, () => this.#report(message, 'undelivered', refusal.code));
    } else if (chat.blocked) {
      // What is sent to someone who blocked the sender never comes, and nobody is told.
    } else if (message.user.online) {
      this.#deliverLater(message);
    } else {
      this.#waiting.add(message);
    }
  }

  #deliverLater(message: Message): void {
    this.core.work.step(this.core.statusDelays.delivered, () => {
      if (message.status !== 'sent' || this.#isDeleted(message)) return;
      const errorCode = this.core.faults.nextDelivery('undelivered');
      if (errorCode !== undefined) {
        this.#report(message, 'undelivered', errorCode);
        return;
      }
      this.#report(message, 'delivered');
      this.core.journal.events.emit('arrival', message);
      if (willBeRead(message)) {
        this.core.work.step(this.core.statusDelays.read, () => {
          if (message.status === 'delivered' && !this.#isDeleted(message)) this.#report(message, 'read');
        });
      }
    });
  }

  async #fetchMedia(message: Message): Promise<number | undefined> {
    for (const media of message.media) {
      if (media.url === undefined) continue;
      const result = await fetchMedia(media.url, this.core.stopping);
      if (!result.fetched) return result.code;
      media.contentType = result.contentType;
      media.data = result.data;
    }
    return mediaFailure(message.media);
  }

  #isDeleted(message: Message): boolean {
    return this.core.messages.get(message.sid) === undefined;
  }

  #report(message: Message, status: Message['status'], errorCode: number | null = message.errorCode): void {
    this.core.messages.update(message, { status, errorCode });
    const last = isFinal(status) || (status === 'delivered' && !willBeRead(message));
    this.#callbacks.send(message, last);
  }
}

function willBeRead(message: Message): boolean {
  return message.user.open && message.user.readReceipts;
}
