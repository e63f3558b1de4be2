import { getExpectedTwilioSignature } from 'twilio';

export interface WebhookAnswer {
  readonly status: number;
  readonly type: string | null;
  readonly body: string;
}

export interface SignedWebhookOptions {
  readonly token: string;
  /** What Twilio knows the endpoint as, where that is not the address that is called. */
  readonly signedUrl?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What the webhook answers when Twilio has nothing to say to the user. */
export const EMPTY_TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response/>';

/** Posts a form that is signed by Twilio's own package. */
export async function postSigned(
  url: string,
  params: Readonly<Record<string, string>>,
  { token, signedUrl = url, headers }: SignedWebhookOptions,
): Promise<WebhookAnswer> {
  const signature = getExpectedTwilioSignature(token, signedUrl, params);
  return postForm(url, params, { 'x-twilio-signature': signature, ...headers });
}

export async function postForm(
  url: string,
  params: Readonly<Record<string, string>> | string,
  headers: Readonly<Record<string, string>> = {},
): Promise<WebhookAnswer> {
  return answerOf(
    await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8', ...headers },
      body: typeof params === 'string' ? params : new URLSearchParams(params).toString(),
    }),
  );
}

export async function answerOf(response: Response): Promise<WebhookAnswer> {
  return { status: response.status, type: response.headers.get('content-type'), body: await response.text() };
}
