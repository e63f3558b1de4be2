import type { Core } from '../core';
import type { Message } from '../message';
import { senderOf, statusCallbackOf } from '../outbound';
import { raiseAlert } from './debugger';
import { statusParameters } from './status-callback';

/** Sends the callbacks of each message one after the other, unless a fault says otherwise. */
export class StatusCallbacks {
  /** The end of each message's line of callbacks. */
  readonly #lines = new WeakMap<Message, Promise<void>>();
  /** Callbacks that were held back, to come after the next one. */
  readonly #held = new WeakMap<Message, URLSearchParams>();

  constructor(private readonly core: Core) {}

  /** Reports the message as it stands now. `last` says that no further report is to be expected. */
  send(message: Message, last: boolean): void {
    const url = statusCallbackOf(this.core, message);
    if (url === undefined) return;
    const parameters = statusParameters(message, senderOf(this.core, message));
    const fault = this.core.faults.nextCallback();
    if (fault === 'lose') return;
    const held = this.#held.get(message);
    this.#held.delete(message);
    if (fault === 'shuffle' && held === undefined && !last) {
      this.#held.set(message, parameters);
      return;
    }
    if (fault === 'delay') {
      this.core.work.step(this.core.faults.callbackDelayMs, () => this.#enqueue(message, url, parameters));
    } else {
      this.#enqueue(message, url, parameters);
    }
    if (fault === 'duplicate') this.#enqueue(message, url, parameters);
    if (held !== undefined) this.#enqueue(message, url, held);
  }

  #enqueue(message: Message, url: string, parameters: URLSearchParams): void {
    const before = this.#lines.get(message) ?? Promise.resolve();
    const line = before.then(() => this.#post(message, url, parameters));
    this.#lines.set(message, line);
    this.core.work.run(() => line);
  }

  async #post(message: Message, url: string, parameters: URLSearchParams): Promise<void> {
    if (this.core.stopping.aborted) return;
    const account = this.core.accounts.of(message);
    const result = await this.core.webhooks.send({ kind: 'status', account, url, parameters });
    const problem = !result.answered
      ? result
      : result.status >= 200 && result.status < 300
        ? undefined
        : { code: 11200, text: `HTTP retrieval failure: the callback was answered with ${result.status}` };
    for (const { code, text } of [...(problem ? [problem] : []), ...(result.warnings ?? [])]) {
      const level = code === problem?.code ? 'error' : 'warning';
      raiseAlert(this.core, account, { level, code, text, url, messageSid: message.sid });
    }
  }
}
