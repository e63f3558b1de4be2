import { parseFormBody, parseInboundMessage, verifyTwilioSignature } from 'nestjs-whatsapp-twilio';

/** A webhook outside of Nest: verified and read by the same pure functions. */
export function readWebhook(request: { url: string; signature: string | undefined; rawBody: string }, token: string) {
  const { url, signature, rawBody } = request;
  const params = parseFormBody(rawBody);
  if (!verifyTwilioSignature({ signature, url, params }, token)) return undefined;
  return parseInboundMessage(params);
}
