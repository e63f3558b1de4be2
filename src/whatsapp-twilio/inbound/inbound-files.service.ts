import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { ConnectionRegistry } from '../connections/connection-registry';
import type { WhatsappTwilioSettings } from '../contract/validate-options';
import type { Runtime } from '../runtime';
import { RUNTIME, SETTINGS } from '../tokens';
import { MediaClient, type MediaFile } from '../twilio/media-client';
import { MediaError } from '../twilio/media.errors';
import { InboundMessages } from './inbound-messages.service';

/** The files that came with messages, from where Twilio keeps them. */
@Injectable()
export class InboundFiles implements OnApplicationShutdown {
  private readonly client: MediaClient;

  constructor(
    @Inject(SETTINGS) settings: WhatsappTwilioSettings,
    @Inject(RUNTIME) { clock }: Runtime,
    private readonly connections: ConnectionRegistry,
    private readonly messages: InboundMessages,
  ) {
    this.client = new MediaClient({ baseUrl: settings.apiBaseUrl, clock });
  }

  /**
   * Opens a file of a message; `undefined` if there is no such message. The stream has to be read or destroyed, and holds
   * no more than 100 MiB. Its content type is what Twilio serves: never show it as a page of yours.
   *
   * @throws MediaError
   */
  async open(sid: string, index: number, signal?: AbortSignal): Promise<MediaFile | undefined> {
    const message = await this.messages.get(sid);
    if (message === undefined) return undefined;
    if (message.erasedAt !== undefined) throw new MediaError('MEDIA_ERASED');
    const file = 'media' in message ? message.media[index] : undefined;
    const connection = await this.connections.byId(message.connectionId);
    if (file === undefined || connection === undefined) throw new MediaError('MEDIA_NOT_FOUND');
    const { accountSid } = connection;
    const [credentials] = connection.credentials;
    return this.client.open({ url: file.url, accountSid, messageSid: sid, credentials, ...(signal && { signal }) });
  }

  onApplicationShutdown(): void {
    this.client.close();
  }
}
