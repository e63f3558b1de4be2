import type { Message } from './message';

/** Messages by the order in which they were made (`ordinal`), found by bisection. */
export class OrderedLog {
  readonly #messages: Message[] = [];

  get size(): number {
    return this.#messages.length;
  }

  messages(): readonly Message[] {
    return this.#messages;
  }

  add(message: Message): void {
    this.#messages.splice(this.indexFrom(message.ordinal), 0, message);
  }

  remove(message: Message): void {
    const index = this.indexFrom(message.ordinal);
    if (this.#messages[index] === message) this.#messages.splice(index, 1);
  }

  /** The index of the first message with this ordinal or a later one. */
  indexFrom(ordinal: number): number {
    let [low, high] = [0, this.#messages.length];
    // Nearly always the new message is the last.
    if (high === 0 || (this.#messages[high - 1]?.ordinal ?? 0) < ordinal) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#messages[middle]?.ordinal ?? 0) < ordinal) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
