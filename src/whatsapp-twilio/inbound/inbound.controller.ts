import {
  Controller,
  Get,
  Inject,
  Logger,
  Post,
  Req,
  Res,
  ServiceUnavailableException,
  type Type,
  UseGuards,
  VERSION_NEUTRAL,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { isConnectionError } from '../storage/connection-error';
import type { WhatsappTwilioModuleExtras } from '../whatsapp-twilio.options';
import { TwilioSignatureGuard } from './twilio-signature.guard';
import { type VerifiedWebhook, verifiedWebhook } from './verified-webhook';
import { WebhookIntake } from './webhook-intake';
import { isStatusCallback } from './webhook-parties';

/** TwiML that says nothing to the user. Anything else in the body of an answer, Twilio would send as a message. */
const EMPTY_TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response/>';

/**
 * Takes in Twilio's webhooks: a user's message is committed before it is acknowledged, a status callback likewise.
 *
 * Answers go through the platform's own response, as a host's interceptors would wrap a returned value; and there is
 * no DTO, as a host's ValidationPipe would refuse the next parameter that Twilio adds.
 */
@UseGuards(TwilioSignatureGuard)
export class InboundController {
  private readonly logger = new Logger('WhatsappTwilio');

  constructor(
    @Inject(WebhookIntake) private readonly intake: WebhookIntake,
    @Inject(HttpAdapterHost) private readonly adapterHost: HttpAdapterHost,
  ) {}

  @Post(['status', ':connectionId/status'])
  async status(@Req() request: object, @Res() response: unknown): Promise<void> {
    await this.take(verifiedWebhook(request));
    this.adapterHost.httpAdapter.reply(response, null, 204);
  }

  @Post(['', ':connectionId'])
  async receive(@Req() request: object, @Res() response: unknown): Promise<void> {
    await this.take(verifiedWebhook(request));
    const { httpAdapter } = this.adapterHost;
    httpAdapter.setHeader(response, 'Content-Type', 'text/xml');
    httpAdapter.reply(response, EMPTY_TWIML, 200);
  }

  /** A Messaging Service can be set to send its webhooks by GET. */
  @Get(['', ':connectionId'])
  receiveByGet(@Req() request: object, @Res() response: unknown): Promise<void> {
    return this.receive(request, response);
  }

  /** Both URLs take both: what they carry tells them apart, and one pasted in the other's place loses nothing. */
  private async take(webhook: VerifiedWebhook): Promise<void> {
    const { connection, params, query, idempotencyToken } = webhook;
    const connectionId = connection.id;
    try {
      if (isStatusCallback(params)) {
        const messageId = query.get('message');
        const callback = { kind: 'status' as const, connectionId, params, ...(messageId && { messageId }) };
        webhook.outcome = await this.intake.take(callback);
      } else {
        webhook.outcome = await this.intake.take({
          kind: 'message',
          connectionId,
          params,
          ...(idempotencyToken && { idempotencyToken }),
        });
      }
    } catch (error) {
      // That the storage is away is in the log once, not for each webhook.
      if (!isConnectionError(error)) this.logger.error('A webhook could not be stored.', (error as Error).stack);
      throw new ServiceUnavailableException();
    }
  }
}

/** A controller class of its own for each registration, as two of them need two paths. */
export function createInboundController(
  path: string,
  decorators: NonNullable<WhatsappTwilioModuleExtras['decorators']>,
): Type<InboundController> {
  class WebhookController extends InboundController {}
  Controller({ path, version: VERSION_NEUTRAL })(WebhookController);
  for (const decorate of decorators) (decorate as ClassDecorator)(WebhookController);
  return WebhookController;
}
