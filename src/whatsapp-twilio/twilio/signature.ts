import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { signingAlgorithm } from '../contract/messaging.whatsapp.twilio';
import { hasOnlyText, signedParams, type WebhookParams } from './signature-params';
import { bodyHashIn, candidateUrls, signedUrl } from './signature-urls';

export { parseFormBody, type WebhookParams } from './signature-params';

/** A request that says it comes from Twilio. */
export interface SignedTwilioRequest {
  /** The header `X-Twilio-Signature`. */
  readonly signature: string | undefined;
  /** Every URL under which Twilio may know this endpoint, each in full: scheme, host, path and the request's query. */
  readonly url: string | readonly string[];
  /** The form parameters of a POST; none for a GET, whose parameters are in the URL already. */
  readonly params?: WebhookParams;
  /** The raw bytes of an `application/json` body, to be checked against `bodySHA256` in the URL. */
  readonly jsonBody?: string | Uint8Array;
}

/**
 * Why a request was refused. For logs and for people, never for the answer to the request.
 *
 * - `no-token`: no auth token to check with.
 * - `missing-signature`: no `X-Twilio-Signature` header.
 * - `malformed-signature`: the header is not the base64 of 20 bytes.
 * - `malformed-params`: a parameter is neither text nor a list of texts; parse the raw body with `parseFormBody()`.
 * - `invalid-url`: none of the URLs is an absolute http(s) URL.
 * - `missing-body-hash`: a JSON body, but no `bodySHA256` in any URL.
 * - `wrong-body-hash`: Twilio signed the URL, but the body is not the one it was signed for.
 * - `mismatch`: signed with another token, for another URL or with other parameters.
 */
export type SignatureRefusal =
  | 'no-token'
  | 'missing-signature'
  | 'malformed-signature'
  | 'malformed-params'
  | 'invalid-url'
  | 'missing-body-hash'
  | 'wrong-body-hash'
  | 'mismatch';

/** `url` is the one of the given URLs that fits; `tokenIndex` counts in the given tokens. */
export type SignatureResult =
  | { readonly ok: true; readonly url: string; readonly tokenIndex: number }
  | { readonly ok: false; readonly reason: SignatureRefusal };

/** Node's name of the hash in `hmac-sha1`. */
const HASH = signingAlgorithm.replace(/^hmac-/, '');

/** Twenty bytes in base64: the last digit before the padding has four bits only, so that every value has one spelling. */
const SIGNATURE = /^[A-Za-z0-9+/]{26}[AEIMQUYcgkosw048]=$/;

/** Whether this could be a signature at all: the base64 of 20 bytes. */
export function looksLikeSignature(signature: string): boolean {
  return SIGNATURE.test(signature);
}

/**
 * Signs a request as Twilio does: base64 of HMAC-SHA1 over the URL and the sorted parameters. The URL's fragment and
 * user info are left out, the rest of it is taken as written. For a JSON body pass a URL that has its `bodySHA256`, and
 * no parameters.
 *
 * @see https://www.twilio.com/docs/usage/webhooks/webhooks-security
 */
export function signTwilioRequest(authToken: string, url: string, params: WebhookParams = {}): string {
  return hmac(authToken, signedUrl(url) + signedParams(params)).toString('base64');
}

/**
 * Whether Twilio signed this request with one of the tokens. Never throws for what came with the request, and is false
 * without a token.
 *
 * @example
 * verifyTwilioSignature(
 *   { signature: headers['x-twilio-signature'], url: 'https://example.com/hook', params: parseFormBody(rawBody) },
 *   [primaryToken, secondaryToken],
 * );
 */
export function verifyTwilioSignature(request: SignedTwilioRequest, authTokens: string | readonly string[]): boolean {
  return checkTwilioSignature(request, authTokens).ok;
}

/** As `verifyTwilioSignature()`, and says which URL and token fit, or why none does. */
export function checkTwilioSignature(
  request: SignedTwilioRequest,
  authTokens: string | readonly string[],
): SignatureResult {
  const { signature, jsonBody } = request;
  const params = request.params ?? {};
  const tokens = usableTokens(authTokens);
  if (tokens.size === 0) return refused('no-token');
  if (!signature) return refused('missing-signature');
  if (typeof signature !== 'string' || !SIGNATURE.test(signature)) return refused('malformed-signature');
  if (!hasOnlyText(params)) return refused('malformed-params');

  const urls = [request.url].flat().filter((url) => typeof url === 'string');
  const expected = Buffer.from(signature, 'base64');
  // Once for all candidates: a form can have thousands of parameters.
  const paramsText = signedParams(params);
  let hasCandidates = false;
  const hashed = jsonBody === undefined ? urls : urls.filter((url) => bodyHashIn(url) !== undefined);
  for (const [candidate, url] of candidatesOf(hashed)) {
    hasCandidates = true;
    for (const [token, tokenIndex] of tokens) {
      if (!timingSafeEqual(hmac(token, candidate + paramsText), expected)) continue;
      if (jsonBody !== undefined && !isHashOf(jsonBody, bodyHashIn(url))) return refused('wrong-body-hash');
      return { ok: true, url, tokenIndex };
    }
  }
  if (hasCandidates) return refused('mismatch');
  return refused(
    jsonBody !== undefined && urls.some((url) => !candidateUrls(url).next().done) ? 'missing-body-hash' : 'invalid-url',
  );
}

function refused(reason: SignatureRefusal): SignatureResult {
  return { ok: false, reason };
}

/** Distinct tokens with their place in the list. Anybody can sign with a blank token, so it counts as none. */
function usableTokens(authTokens: string | readonly string[]): Map<string, number> {
  const tokens = new Map<string, number>();
  for (const [index, token] of [authTokens].flat().entries()) {
    if (typeof token === 'string' && token.trim() !== '' && !tokens.has(token)) tokens.set(token, index);
  }
  return tokens;
}

/** Distinct texts that may have been signed, each with the given URL that it stands for. */
function* candidatesOf(urls: readonly string[]): Generator<[candidate: string, url: string], void, undefined> {
  const seen = new Set<string>();
  for (const url of urls) {
    for (const candidate of candidateUrls(url)) {
      if (seen.has(candidate)) continue;
      seen.add(candidate);
      yield [candidate, url];
    }
  }
}

function hmac(authToken: string, text: string): Buffer {
  return createHmac(HASH, authToken).update(text, 'utf8').digest();
}

function isHashOf(body: string | Uint8Array, bodyHash = ''): boolean {
  const given = Buffer.from(bodyHash);
  const actual = Buffer.from(createHash('sha256').update(body).digest('hex'));
  return given.length === actual.length && timingSafeEqual(given, actual);
}
