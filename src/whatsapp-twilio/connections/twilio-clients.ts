import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { WhatsappTwilioSettings } from '../contract/validate-options';
import { SETTINGS } from '../tokens';
import { TwilioClient } from '../twilio/twilio-client';
import type { Connection } from './connection';

/** One client for each connection, made when it is first needed. */
@Injectable()
export class TwilioClients implements OnApplicationShutdown {
  readonly #clients = new Map<string, TwilioClient>();

  constructor(@Inject(SETTINGS) private readonly settings: WhatsappTwilioSettings) {}

  of(connection: Connection): TwilioClient {
    let client = this.#clients.get(connection.id);
    if (client === undefined) {
      const { accountSid, credentials } = connection;
      client = new TwilioClient({ accountSid, ...credentials, baseUrl: this.settings.apiBaseUrl });
      this.#clients.set(connection.id, client);
    }
    return client;
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([...this.#clients.values()].map((client) => client.close()));
  }
}
