import type { ServerResponse } from 'node:http';
import type { Clock } from '../../common/clock';
import type { WhatsappEvent } from '../../whatsapp-twilio/events/event';
import type { EventReader } from '../../whatsapp-twilio/events/event-reader';

/** Proxies close connections on which nothing happens; and a client that is gone is noticed. */
const HEARTBEAT_MS = 15_000;
const BATCH = 100;
/** How long a client that was cut off waits before it comes back. */
const RETRY_MS = 2000;

export interface EventStreamOptions {
  readonly reader: EventReader;
  readonly clock: Clock;
  /** Only such events. */
  wants(event: WhatsappEvent): boolean;
  /** Ends the stream. */
  readonly ending: AbortSignal;
}

/**
 * One client's stream of events: those behind a position, and then each as it comes. The next are read only once the
 * client has taken the last, so a slow one costs no memory.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export class EventStream {
  #news = true;
  #wake: (() => void) | undefined;
  #closed = false;

  constructor(
    private readonly response: ServerResponse,
    private readonly options: EventStreamOptions,
  ) {}

  /** Resolves once the client is gone or the stream was ended. */
  async run(from: number): Promise<void> {
    const { reader, ending } = this.options;
    const stopListening = reader.onNews(() => {
      this.#news = true;
      this.#wake?.();
    });
    const close = () => {
      this.#closed = true;
      this.#wake?.();
    };
    this.response.on('close', close).on('error', close);
    ending.addEventListener('abort', close, { once: true });
    try {
      await this.#write(`retry: ${RETRY_MS}\n\n`);
      await this.#follow(from);
    } finally {
      stopListening();
      ending.removeEventListener('abort', close);
      this.response.end();
    }
  }

  async #follow(from: number): Promise<void> {
    const { reader, wants } = this.options;
    let position = from;
    while (!this.#closed) {
      this.#news = false;
      const events = await reader.after(position, BATCH);
      for (const placed of events) {
        if (this.#closed) return;
        ({ position } = placed);
        if (wants(placed.event)) await this.#write(frame(position, placed.event));
      }
      if (events.length < BATCH) await this.#wait();
    }
  }

  /** Until there is news or the stream is closed, with a sign of life now and then. */
  async #wait(): Promise<void> {
    while (!this.#news && !this.#closed) {
      const isTime = await new Promise<boolean>((resolve) => {
        const cancel = this.options.clock.setTimeout(() => resolve(true), HEARTBEAT_MS);
        this.#wake = () => {
          cancel();
          resolve(false);
        };
      });
      this.#wake = undefined;
      if (isTime && !this.#closed) await this.#write(': still here\n\n');
    }
  }

  async #write(text: string): Promise<void> {
    if (this.#closed || this.response.write(text)) return;
    await new Promise<void>((resolve) => {
      this.response.once('drain', resolve).once('close', resolve);
      this.options.ending.addEventListener('abort', () => resolve(), { once: true });
    });
  }
}

function frame(position: number, event: WhatsappEvent): string {
  return `id: ${position}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}
