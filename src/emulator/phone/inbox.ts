import type { Message } from '../message';
import { PhoneError } from './phone.error';
import { received, type ReceivedMessage } from './received-message';

/** Which message to wait for: any, one with this text, one whose text fits, or one that fits otherwise. */
export type MessageMatcher = string | RegExp | ((message: ReceivedMessage) => boolean);

interface Waiter {
  readonly matches: (message: ReceivedMessage) => boolean;
  readonly resolve: (message: ReceivedMessage) => void;
}

const KEPT = 1000;

/** What came up on one phone and was not asked for yet, and those who wait for more. */
export class Inbox {
  #unread: Message[] = [];
  readonly #waiters = new Set<Waiter>();

  arrive(message: Message): void {
    const view = received(message);
    for (const waiter of this.#waiters) {
      if (!waiter.matches(view)) continue;
      this.#waiters.delete(waiter);
      waiter.resolve(view);
      return;
    }
    this.#unread.push(message);
    if (this.#unread.length > KEPT) this.#unread.shift();
  }

  /**
   * The first message that matches and was not returned before: one that is there, or the next to come.
   *
   * @throws PhoneError when none has come after `timeoutMs`.
   */
  async take(matcher: MessageMatcher | undefined, timeoutMs: number): Promise<ReceivedMessage> {
    const matches = toPredicate(matcher);
    const here = this.#unread.find((message) => matches(received(message)));
    if (here) {
      this.#unread = this.#unread.filter((message) => message !== here);
      return received(here);
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters.delete(waiter);
        const others = this.#unread.length === 0 ? '' : `; others that came: ${this.#unread.length}`;
        const what = `No message ${describe(matcher)} came to the phone within ${timeoutMs} ms${others}.`;
        reject(new PhoneError('NO_MESSAGE_CAME', what));
      }, timeoutMs);
      const waiter: Waiter = {
        matches,
        resolve(message) {
          clearTimeout(timer);
          resolve(message);
        },
      };
      this.#waiters.add(waiter);
    });
  }
}

function toPredicate(matcher: MessageMatcher | undefined): (message: ReceivedMessage) => boolean {
  if (matcher === undefined) return () => true;
  if (typeof matcher === 'string') return (message) => message.body === matcher;
  if (matcher instanceof RegExp) return (message) => message.body.search(matcher) >= 0;
  return matcher;
}

function describe(matcher: MessageMatcher | undefined): string {
  if (matcher === undefined) return 'at all';
  if (typeof matcher === 'function') return 'that fits';
  return `matching ${typeof matcher === 'string' ? JSON.stringify(matcher) : String(matcher)}`;
}
