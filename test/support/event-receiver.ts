import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { Happenings } from './happenings';

export interface ReceivedEvent {
  readonly id: string;
  readonly type: string;
  readonly conversationId: string;
  readonly data: { readonly text?: string; readonly status?: string; readonly messageId?: string };
}

/** An endpoint of somebody else's, who checks what comes with the package that Standard Webhooks give out. */
export class EventReceiver {
  readonly events = new Happenings<ReceivedEvent>();
  readonly headers: IncomingHttpHeaders[] = [];
  /** What it answers to an event. */
  answer: (event: ReceivedEvent) => number = () => 204;

  private constructor(
    private readonly server: Server,
    readonly secret: string,
  ) {}

  static async start(): Promise<EventReceiver> {
    const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
    const webhook = new Webhook(secret);
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const event = webhook.verify(Buffer.concat(chunks).toString(), request.headers as Record<string, string>);
        receiver.headers.push(request.headers);
        receiver.events.add(event as ReceivedEvent);
        response.writeHead(receiver.answer(event as ReceivedEvent), { location: '/elsewhere' }).end('never read');
      });
    });
    const receiver = new EventReceiver(server, secret);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/events`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
