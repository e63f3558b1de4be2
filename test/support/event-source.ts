import { Happenings } from './happenings';

export interface StreamedEvent {
  readonly id?: string;
  readonly event?: string;
  readonly data?: string;
  readonly comment?: string;
}

/** A client of server-sent events, as the specification has it, as far as is needed here. */
export class EventSourceClient {
  readonly events = new Happenings<StreamedEvent>();
  readonly ended: Promise<void>;

  private constructor(
    readonly response: Response,
    private readonly abort: AbortController,
  ) {
    this.ended = this.read();
  }

  static async open(url: string, headers: Record<string, string> = {}): Promise<EventSourceClient> {
    const abort = new AbortController();
    return new EventSourceClient(await fetch(url, { headers, signal: abort.signal }), abort);
  }

  async close(): Promise<void> {
    this.abort.abort();
    await this.ended;
  }

  private async read(): Promise<void> {
    let text = '';
    const decoder = new TextDecoder();
    try {
      for await (const chunk of this.response.body!) {
        text += decoder.decode(chunk as Uint8Array, { stream: true });
        for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
          this.take(text.slice(0, end));
          text = text.slice(end + 2);
        }
      }
    } catch {
      // Closed by us.
    }
  }

  private take(block: string): void {
    const fields: Record<string, string> = {};
    for (const line of block.split('\n')) {
      const colon = line.indexOf(':');
      fields[line.slice(0, colon) || 'comment'] = line.slice(colon + 1).trim();
    }
    if (fields['retry'] === undefined) this.events.add(fields);
  }
}
