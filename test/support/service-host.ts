import type { ModuleMetadata } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { TwilioEmulator, type TwilioEmulatorOptions } from 'nestjs-whatsapp-twilio/emulator';
import { createService } from '../../src/service/create-service';
import { readServiceConfiguration } from '../../src/service/service-configuration';
import type { Database } from '../../src/whatsapp-twilio/storage/database';
import { DATABASE } from '../../src/whatsapp-twilio/tokens';
import { checkDescribed } from './described-answers';
import { freePort } from './free-port';

export interface ServiceAnswer<Body = unknown> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

export interface ServiceHost {
  readonly app: NestFastifyApplication;
  readonly twilio: TwilioEmulator;
  readonly url: string;
  readonly db: Database;
  /** Calls the API, with a body as JSON, and holds what it answers against openapi.json. */
  call<Body = Record<string, unknown>>(
    method: string,
    path: string,
    options?: { readonly body?: unknown; readonly headers?: Record<string, string>; readonly secret?: string },
  ): Promise<ServiceAnswer<Body>>;
  close(): Promise<void>;
}

export interface ServiceHostOptions {
  readonly variables?: Readonly<Record<string, string>>;
  readonly emulator?: TwilioEmulatorOptions;
  readonly imports?: ModuleMetadata['imports'];
  /** A Twilio that is there already; it stays after the service. */
  readonly twilio?: TwilioEmulator;
}

/** The service as `npm start` makes it, beside a Twilio that knows its webhook. */
export async function startService(options: ServiceHostOptions = {}): Promise<ServiceHost> {
  const twilio = options.twilio ?? (await TwilioEmulator.start({ statusDelayMs: 1, ...options.emulator }));
  const port = await freePort();
  const environment: Record<string, string> = {
    TWILIO_ACCOUNT_SID: twilio.accountSid,
    TWILIO_AUTH_TOKEN: twilio.authToken,
    TWILIO_API_BASE_URL: twilio.url,
    WHATSAPP_FROM_NUMBER: twilio.sender,
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    DATABASE_URL: 'sqlite::memory:',
    LOG_LEVEL: 'fatal',
    ...(options.variables?.['API_KEYS'] === undefined && { API_AUTH: 'none' }),
    ...options.variables,
  };
  try {
    const app = await createService(
      readServiceConfiguration((name) => environment[name]),
      options.imports,
    );
    await app.listen(port, '127.0.0.1');
    const url = `http://127.0.0.1:${port}`;
    twilio.webhook({ url: `${url}/webhooks/whatsapp/twilio` });
    return {
      app,
      twilio,
      url,
      db: app.get<Database>(DATABASE, { strict: false }),
      async call(method, path, { body, headers, secret } = {}) {
        const response = await fetch(url + path, {
          method,
          headers: {
            ...(body !== undefined && { 'content-type': 'application/json' }),
            ...(secret !== undefined && { authorization: `Bearer ${secret}` }),
            ...headers,
          },
          ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        });
        const text = await response.text();
        const isJson = response.headers.get('content-type')?.includes('json');
        const answer: unknown = isJson && text !== '' ? JSON.parse(text) : text;
        const { status, headers: said } = response;
        checkDescribed(method, path, { status, headers: Object.fromEntries(said), body: answer });
        return { status, headers: said, body: answer as never };
      },
      async close() {
        await app.close();
        if (options.twilio === undefined) await twilio.stop();
      },
    };
  } catch (error) {
    if (options.twilio === undefined) await twilio.stop();
    throw error;
  }
}
