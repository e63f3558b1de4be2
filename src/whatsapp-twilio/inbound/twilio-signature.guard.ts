import {
  type CanActivate,
  type ExecutionContext,
  ForbiddenException,
  Inject,
  Injectable,
  Logger,
  ServiceUnavailableException,
} from '@nestjs/common';
import type { Connection } from '../connections/connection';
import { ConnectionRegistry } from '../connections/connection-registry';
import { RotationSightings } from '../connections/rotation-sightings';
import { signatureHeader } from '../contract/messaging.whatsapp.twilio';
import type { WhatsappTwilioSettings } from '../contract/validate-options';
import { toParameterRecord } from '../messages/webhook-parameters';
import { isConnectionError } from '../storage/connection-error';
import { SETTINGS } from '../tokens';
import { checkTwilioSignature, looksLikeSignature, type SignatureResult } from '../twilio/signature';
import { publicUrlsOf } from './public-urls';
import { RawBodyRequiredException } from './raw-body-required.exception';
import { keepVerified } from './verified-webhook';
import { addresseeOf, isStatusCallback } from './webhook-parties';
import { bodyOf, header, queryOf, type WebhookBody, type WebhookRequest } from './webhook-request';

/**
 * Lets a request pass only if Twilio signed it with a token of the connection it is for. Everything else is a 403 that
 * tells nothing; the reason is in the log. When the connection cannot be looked up it is a 503, which Twilio's fallback
 * sees. Also usable on routes of your own that Twilio calls.
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
    private readonly sightings: RotationSightings,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<WebhookRequest>();
    const signature = header(request, signatureHeader);
    if (signature === undefined) return this.refuse('it has no signature');
    // Before anything is looked up for it.
    if (!looksLikeSignature(signature)) return this.refuse('its signature does not verify (malformed-signature)');

    const body = bodyOf(request);
    if (body.kind === 'json-without-bytes') throw new RawBodyRequiredException();
    // Its signature would cover the URL alone, and a handler could take the body for Twilio's.
    if (body.kind === 'unsigned') return this.refuse('its body is neither a form nor JSON');
    const query = queryOf(request);
    const params = toParameterRecord(paramsOf(request, body, query));

    const check = (tokens: readonly string[]) =>
      checkTwilioSignature(
        {
          signature,
          url: publicUrlsOf(request, this.settings.publicUrls),
          ...(body.kind === 'form' && { params: body.params }),
          ...(body.kind === 'json' && { jsonBody: body.bytes }),
        },
        tokens,
      );
    const { connection, result } = await this.verify(request, params, check);
    if (connection.rotation && result.ok && result.tokenIndex === connection.rotation.newToken) {
      this.sightings.note(connection);
    }

    const idempotencyToken = header(request, 'i-twilio-idempotency-token')?.slice(0, 128);
    keepVerified(request, { connection, params, query, ...(idempotencyToken && { idempotencyToken }) });
    return true;
  }

  /** The connection that the webhook is for, with whose token it is signed. */
  private async verify(
    request: WebhookRequest,
    params: Readonly<Record<string, string>>,
    check: (tokens: readonly string[]) => SignatureResult,
  ): Promise<{ connection: Connection; result: SignatureResult }> {
    const found = await this.lookUp(() => this.connectionFor(request, params));
    if (found === undefined) return this.refuse('its account or connection is not known');
    let connection = found;
    let result = check(connection.authTokens);
    if (!result.ok && result.reason === 'mismatch' && connection.mode === 'byok') {
      // Another process may have stored a new token, which the next webhook is signed with.
      connection = (await this.lookUp(() => this.connections.fresh(found))) ?? found;
      if (connection !== found) result = check(connection.authTokens);
    }
    if (!result.ok) return this.refuse(`its signature does not verify (${result.reason})`);
    if (connection.state === 'disabled') return this.refuse('its connection is disabled');
    return { connection, result };
  }

  /** By the id in the path, else by the account; a request that names no account is checked against the default one. */
  private async connectionFor(
    request: WebhookRequest,
    params: Readonly<Record<string, string>>,
  ): Promise<Connection | undefined> {
    const { connectionId } = (request.params ?? {}) as { connectionId?: string };
    const accountSid = params['AccountSid'];
    const addressee = addresseeOf(params);
    if (connectionId === undefined) {
      if (!accountSid) return this.connections.default;
      return this.connections.byAccount(accountSid, addressee);
    }
    const named = await this.connections.byId(connectionId);
    if (named === undefined || !accountSid || named.mode === 'managed') {
      return named !== undefined && (!accountSid || named.accountSid === accountSid) ? named : undefined;
    }
    if (named.accountSid !== accountSid) return undefined;
    // Another connection of the same account has the same token, and its own numbers.
    const addressed = await this.connections.byAccount(accountSid, addressee);
    if (addressed !== undefined) return addressed.id === named.id ? named : undefined;
    const mayHaveOtherNumbers = named.from === undefined || named.messagingServiceSid !== undefined;
    return mayHaveOtherNumbers || isStatusCallback(params) ? named : undefined;
  }

  private async lookUp<Result>(look: () => Promise<Result>): Promise<Result> {
    try {
      return await look();
    } catch (error) {
      // That the storage is away is in the log once, not for each webhook.
      if (!isConnectionError(error)) this.logger.error((error as Error).message, (error as Error).stack);
      throw new ServiceUnavailableException();
    }
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
