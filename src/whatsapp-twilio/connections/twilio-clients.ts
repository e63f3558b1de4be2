import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { WhatsappTwilioSettings } from '../contract/validate-options';
import type { Runtime } from '../runtime';
import { RUNTIME, SETTINGS } from '../tokens';
import { TwilioClient } from '../twilio/twilio-client';
import type { Connection } from './connection';

/** One client for each connection, made when it is first needed. */
@Injectable()
export class TwilioClients implements OnApplicationShutdown {
  readonly #clients = new Map<string, TwilioClient>();

  constructor(
    @Inject(SETTINGS) private readonly settings: WhatsappTwilioSettings,
    @Inject(RUNTIME) private readonly runtime: Runtime,
  ) {}

  of(connection: Connection): TwilioClient {
    let client = this.#clients.get(connection.id);
    if (client === undefined) {
      const { accountSid, credentials } = connection;
      client = new TwilioClient({
        accountSid,
        ...credentials,
        baseUrl: this.settings.apiBaseUrl,
        clock: this.runtime.clock,
      });
      this.#clients.set(connection.id, client);
    }
    return client;
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([...this.#clients.values()].map((client) => client.close()));
  }
}
