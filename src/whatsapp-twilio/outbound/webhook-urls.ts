import { Inject, Injectable, Logger, type OnApplicationBootstrap, RequestMethod } from '@nestjs/common';
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
      'No publicUrl (PUBLIC_URL): messages are sent without a status callback, so what became of them is only looked ' +
        'up at Twilio, for a few at a time and ten minutes later.',
    );
  }

  /** The status callback of a message, with our id in it, so that it finds its message before the SID is stored. */
  statusCallback(connectionId: string, messageId: string): string | undefined {
    const [publicUrl] = this.settings.publicUrls;
    if (publicUrl === undefined || this.webhookPath === false) return undefined;
    const route = connectionId === this.settings.connectionId ? '/status' : '/:connectionId/status';
    const path = this.mounted(route).replace(':connectionId', connectionId);
    return `${this.base(publicUrl)}${path}?message=${messageId}`;
  }

  /** The public URL may already name the webhook, as people copy it to and from Twilio's console. */
  private base(publicUrl: string): string {
    const url = trimEnd(publicUrl);
    const webhook = this.mounted('');
    return webhook !== '' && url.endsWith(webhook) ? url.slice(0, -webhook.length) : url;
  }

  /** Where Nest mounts a POST route of the webhook: below the app's global prefix, unless that excludes just it. */
  private mounted(route: string): string {
    const path = leadingSlash(this.webhookPath || '') + route;
    const { exclude = [] } = this.config.getGlobalPrefixOptions();
    const isExcluded = exclude.some(
      ({ requestMethod, pathRegex }) =>
        [RequestMethod.POST, RequestMethod.ALL].includes(requestMethod) && pathRegex.test(path),
    );
    return isExcluded ? path : leadingSlash(this.config.getGlobalPrefix()) + path;
  }
}

function leadingSlash(path: string): string {
  const trimmed = trimEnd(path).replace(/^\/+/, '');
  return trimmed === '' ? '' : `/${trimmed}`;
}

function trimEnd(path: string): string {
  return path.replace(/\/+$/, '');
}
