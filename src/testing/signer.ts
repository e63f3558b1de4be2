import { createHash, randomUUID } from 'node:crypto';
import { signTwilioRequest, type WebhookParams } from '../whatsapp-twilio/twilio/signature';
import { signedUrl } from '../whatsapp-twilio/twilio/signature-urls';

interface SignWebhookOptions {
  /** The account's auth token, never an API key's secret. */
  readonly authToken: string;
  /** The webhook's URL as it would stand in Twilio's console. */
  readonly url: string;
  /** Twilio's id of this delivery, the same for each retry. Default: a new UUID. */
  readonly idempotencyToken?: string;
}

/** A webhook to sign: form parameters, as all of messaging sends, or a JSON value. */
export type WebhookToSign = SignWebhookOptions &
  (
    | { readonly params?: WebhookParams; readonly json?: undefined }
    | { readonly json: unknown; readonly params?: undefined }
  );

/** A request that is ready to be posted. */
export interface SignedWebhook {
  /** Where to post: without fragment and user info, and for JSON with `bodySHA256`. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * The POST that Twilio would send to your webhook, signed with your auth token.
 *
 * If your app is reached under another address in the test, post `body` and `headers` there, and sign the public URL.
 *
 * @example
 * const { url, headers, body } = signWebhook({
 *   authToken: 'the token your app is configured with',
 *   url: 'http://127.0.0.1:3000/webhooks/whatsapp/twilio',
 *   params: { MessageSid: 'SM…', From: 'whatsapp:+15551230001', To: 'whatsapp:+15551234567', Body: 'Hello' },
 * });
 * await fetch(url, { method: 'POST', headers, body });
 *
 * @see https://www.twilio.com/docs/usage/webhooks/webhooks-security
 */
export function signWebhook(webhook: WebhookToSign): SignedWebhook {
  const target = signedUrl(webhook.url);
  if (webhook.json === undefined) {
    const params = formOf(webhook.params ?? {});
    const signature = signTwilioRequest(webhook.authToken, target, params);
    const headers = headersOf(webhook, 'application/x-www-form-urlencoded', signature);
    return { url: target, headers, body: params.toString() };
  }
  const body = JSON.stringify(webhook.json);
  const bodyHash = createHash('sha256').update(body).digest('hex');
  const url = `${target}${target.includes('?') ? '&' : '?'}bodySHA256=${bodyHash}`;
  return { url, headers: headersOf(webhook, 'application/json', signTwilioRequest(webhook.authToken, url)), body };
}

function headersOf(webhook: WebhookToSign, contentType: string, signature: string): Record<string, string> {
  return {
    accept: '*/*',
    'content-type': contentType,
    'i-twilio-idempotency-token': webhook.idempotencyToken ?? randomUUID(),
    'user-agent': 'TwilioProxy/1.1',
    'x-home-region': 'us1',
    'x-twilio-signature': signature,
  };
}

function formOf(params: WebhookParams): URLSearchParams {
  if (params instanceof URLSearchParams) return params;
  return new URLSearchParams(
    Object.entries(params).flatMap(([key, values]) => [values].flat().map((value): [string, string] => [key, value])),
  );
}
