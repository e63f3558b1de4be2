import type { ServerResponse } from 'node:http';
import { TwilioEmulator, type TwilioEmulatorOptions } from '../../src/emulator';
import { type FakeHttpServer, type RecordedRequest, startFakeHttpServer } from '../support/fake-http-server';
import { officialClientFor } from '../support/official-client';

export type Answer = (request: RecordedRequest, response: ServerResponse) => void;

export function twiml(response: ServerResponse, document = '<Response/>'): void {
  response.writeHead(200, { 'content-type': 'text/xml' }).end(document);
}

/** An emulator, an application that it calls, and the official client. */
export interface Bench {
  readonly twilio: TwilioEmulator;
  readonly app: FakeHttpServer;
  readonly client: ReturnType<typeof officialClientFor>;
  /** How the application answers inbound messages. Default: with empty TwiML. */
  answer: Answer;
  callbacks(): URLSearchParams[];
  inbound(): URLSearchParams[];
  stop(): Promise<void>;
}

export async function startBench(options: TwilioEmulatorOptions = {}): Promise<Bench> {
  const app = await startFakeHttpServer((request, response) => {
    if (request.url.pathname === '/status') response.writeHead(204).end();
    else bench.answer(request, response);
  });
  const twilio = await TwilioEmulator.start({ statusDelayMs: 0, seed: 7, ...options });
  twilio.webhook({ url: `${app.origin}/inbound`, statusCallback: `${app.origin}/status` });
  const forms = (path: string) =>
    app.requests.filter(({ url }) => url.pathname === path).map(({ body }) => new URLSearchParams(body));
  const bench: Bench = {
    twilio,
    app,
    client: officialClientFor(twilio),
    answer: (_request, response) => twiml(response),
    callbacks: () => forms('/status'),
    inbound: () => forms('/inbound'),
    async stop() {
      await twilio.stop();
      await app.close();
    },
  };
  return bench;
}
