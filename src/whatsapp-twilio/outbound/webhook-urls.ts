import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';
import type { WhatsappTwilioSettings } from '../contract/validate-options';
import { SETTINGS, WEBHOOK_PATH } from '../tokens';

/** Where Twilio finds this app's webhooks. */
@Injectable()
export class WebhookUrls implements OnApplicationBootstrap {
  private readonly logger = new Logger('WhatsappTwilio');

  constructor(
    @Inject(SETTINGS) private readonly settings: WhatsappTwilioSettings,
    @Inject(WEBHOOK_PATH) private readonly webhookPath: string | false,
    private readonly config: ApplicationConfig,
  ) {}

  onApplicationBootstrap(): void {
    if (this.webhookPath === false || this.settings.publicUrls.length > 0) return;
    this.logger.warn(
      'No publicUrl (PUBLIC_URL): messages are sent without a status callback, so nothing is known of them after ' +
        'Twilio took them.',
    );
  }

  /** The status callback of a message, with our id in it, so that it finds its message before the SID is stored. */
  statusCallback(connectionId: string, messageId: string): string | undefined {
    const [publicUrl] = this.settings.publicUrls;
    if (publicUrl === undefined || this.webhookPath === false) return undefined;
    const ofConnection = connectionId === this.settings.connectionId ? '' : `/${connectionId}`;
    return `${this.base(publicUrl)}${ofConnection}/status?message=${messageId}`;
  }

  /** The public URL may already name the webhook, as people copy it to and from Twilio's console. */
  private base(publicUrl: string): string {
    const url = publicUrl.replace(/\/+$/, '');
    const path = this.mountPath();
    return url.endsWith(path) ? url : url + path;
  }

  /** The webhook's path below the app's global prefix. */
  private mountPath(): string {
    const path = `/${trim(this.webhookPath || '')}`;
    const prefix = trim(this.config.getGlobalPrefix());
    const { exclude } = this.config.getGlobalPrefixOptions();
    const isExcluded = exclude?.some(({ pathRegex }) => pathRegex.exec(path) !== null) ?? false;
    return prefix === '' || isExcluded ? path : `/${prefix}${path}`;
  }
}

function trim(path: string): string {
  return path.replace(/^\/+|\/+$/g, '');
}
