import {
  type CanActivate,
  type ExecutionContext,
  ForbiddenException,
  Inject,
  Injectable,
  Logger,
} from '@nestjs/common';
import type { Connection } from '../connections/connection';
import { ConnectionRegistry } from '../connections/connection-registry';
import { signatureHeader } from '../contract/messaging.whatsapp.twilio';
import type { WhatsappTwilioSettings } from '../contract/validate-options';
import { toParameterRecord } from '../messages/webhook-parameters';
import { SETTINGS } from '../tokens';
import { checkTwilioSignature } from '../twilio/signature';
import { publicUrlsOf } from './public-urls';
import { RawBodyRequiredException } from './raw-body-required.exception';
import { keepVerified } from './verified-webhook';
import { bodyOf, header, queryOf, type WebhookBody, type WebhookRequest } from './webhook-request';

/**
 * Lets a request pass only if Twilio signed it with a token of the connection it is for. Everything else is a 403 that
 * tells nothing; the reason is in the log. Also usable on routes of your own that Twilio calls.
 *
 * @see https://www.twilio.com/docs/usage/webhooks/webhooks-security
 * @throws RawBodyRequiredException for JSON, when the host does not keep raw bodies.
 */
@Injectable()
export class TwilioSignatureGuard implements CanActivate {
  private readonly logger = new Logger('WhatsappTwilio');

  constructor(
    @Inject(SETTINGS) private readonly settings: WhatsappTwilioSettings,
    private readonly connections: ConnectionRegistry,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<WebhookRequest>();
    const signature = header(request, signatureHeader);
    if (signature === undefined) return this.refuse('it has no signature');

    const body = bodyOf(request);
    if (body.kind === 'json-without-bytes') throw new RawBodyRequiredException();
    // Its signature would cover the URL alone, and a handler could take the body for Twilio's.
    if (body.kind === 'unsigned') return this.refuse('its body is neither a form nor JSON');
    const query = queryOf(request);
    const params = toParameterRecord(paramsOf(request, body, query));

    const connection = this.connectionFor(request, params['AccountSid']);
    if (connection === undefined) return this.refuse('its account or connection is not known');

    const result = checkTwilioSignature(
      {
        signature,
        url: publicUrlsOf(request, this.settings.publicUrls),
        ...(body.kind === 'form' && { params: body.params }),
        ...(body.kind === 'json' && { jsonBody: body.bytes }),
      },
      connection.authTokens,
    );
    if (!result.ok) return this.refuse(`its signature does not verify (${result.reason})`);

    const idempotencyToken = header(request, 'i-twilio-idempotency-token')?.slice(0, 128);
    keepVerified(request, { connection, params, query, ...(idempotencyToken && { idempotencyToken }) });
    return true;
  }

  /** By the id in the path, else by the account; a request that names no account is checked against the default one. */
  private connectionFor(request: WebhookRequest, accountSid: string | undefined): Connection | undefined {
    const { connectionId } = (request.params ?? {}) as { connectionId?: string };
    const named = connectionId === undefined ? undefined : this.connections.byId(connectionId);
    if (connectionId !== undefined && named === undefined) return undefined;
    if (accountSid === undefined || accountSid === '') return named ?? this.connections.default;
    if (named === undefined) return this.connections.byAccountSid(accountSid);
    return named.accountSid === accountSid ? named : undefined;
  }

  private refuse(reason: string): never {
    this.logger.warn(`A webhook was refused: ${reason}. See docs/signatures.md for what to check.`);
    throw new ForbiddenException();
  }
}

function paramsOf(request: WebhookRequest, body: WebhookBody, query: URLSearchParams) {
  if (body.kind === 'form') {
    return body.params instanceof URLSearchParams ? body.params : new URLSearchParams(pairsOf(body.params));
  }
  return request.method === 'GET' ? query : new URLSearchParams();
}

function pairsOf(params: Readonly<Record<string, string | readonly string[]>>): [string, string][] {
  return Object.entries(params).flatMap(([key, value]) =>
    typeof value === 'string' ? [[key, value] as [string, string]] : value.map((one) => [key, one] as [string, string]),
  );
}
