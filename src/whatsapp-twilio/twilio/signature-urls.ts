import { parse, stringify } from 'node:querystring';
import { parseUrl } from '../../common/parse-url';

interface UrlParts {
  /** With its `://`. */
  readonly scheme: string;
  /** With its `@`, or empty. */
  readonly userInfo: string;
  readonly host: string;
  /** With its colon, or empty. */
  readonly port: string;
  readonly path: string;
  /** With its question mark, or empty. */
  readonly query: string;
}

/**
 * The URL that Twilio signs when it is configured with this one: without fragment (which only holds connection
 * overrides) and without user name and password, and otherwise character by character as it was written.
 *
 * @see https://www.twilio.com/docs/usage/webhooks/webhooks-security
 * @see https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
 */
export function signedUrl(url: string): string {
  const parts = splitUrl(url);
  return parts === undefined ? withoutFragment(url) : joinUrl({ ...parts, userInfo: '' });
}

/**
 * Every spelling of this URL that Twilio may have signed, the likeliest first and none twice; none when the text is no
 * absolute http(s) URL.
 *
 * But for the port all spellings name the same resource with the same decoded query, so accepting them all gives
 * nothing away. An ordinary URL has two (with and without a port), one with every peculiarity at once has twenty.
 */
export function* candidateUrls(url: string): Generator<string, void, undefined> {
  const given = splitUrl(url);
  const normalised = splitUrl(parseUrl(withoutFragment(url))?.href ?? '');
  if (given === undefined || normalised === undefined) return;
  const seen = new Set<string>();
  for (const parts of spellingsOf(given, normalised)) {
    for (const candidate of portVariantsOf(parts)) {
      if (seen.has(candidate)) continue;
      seen.add(candidate);
      yield candidate;
    }
  }
}

function* spellingsOf(given: UrlParts, normalised: UrlParts): Generator<UrlParts, void, undefined> {
  const plain = { ...given, userInfo: '' };
  yield plain;
  // What the official package tries. Its own tests sign with the user name and password in the URL.
  const official = [given, normalised, { ...normalised, query: legacyQuery(normalised.query) }];
  for (const parts of official) yield { ...parts, userInfo: '' };
  // Twilio may sign characters of the query plain and send them escaped, or the other way round.
  yield { ...plain, query: given.query.replaceAll('%27', "'") };
  yield { ...plain, query: given.query.replaceAll(/%(?:27|40|3A)/gi, decodeURIComponent) };
  yield { ...plain, query: given.query.replaceAll(/['@:]/g, (character) => ESCAPED[character] ?? character) };
  // A request line always has a path, the URL in Twilio's console need not.
  if (given.path === '' || given.path === '/') yield { ...plain, path: given.path === '' ? '/' : '' };
  yield* official;
}

/** The hash that Twilio puts into the URL of a JSON webhook. */
export function bodyHashIn(url: string): string | undefined {
  return parseUrl(withoutFragment(url))?.searchParams.get('bodySHA256') ?? undefined;
}

const ESCAPED: Readonly<Record<string, string>> = { "'": '%27', '@': '%40', ':': '%3A' };
const HTTP_URL = /^(https?:\/\/)([^/?]*)([^?]*)(.*)$/is;

/** Splits without normalising anything, unlike `new URL()`: the signature covers the text. */
function splitUrl(url: string): UrlParts | undefined {
  const match = HTTP_URL.exec(withoutFragment(url));
  if (match === null) return undefined;
  const [, scheme = '', authority = '', path = '', query = ''] = match;
  const hostStart = authority.lastIndexOf('@') + 1;
  const hostAndPort = authority.slice(hostStart);
  // Only a colon after the bracket of an IPv6 address starts a port.
  const colon = hostAndPort.indexOf(':', hostAndPort.lastIndexOf(']') + 1);
  const hostEnd = colon === -1 ? hostAndPort.length : colon;
  return {
    scheme,
    userInfo: authority.slice(0, hostStart),
    host: hostAndPort.slice(0, hostEnd),
    port: hostAndPort.slice(hostEnd),
    path,
    query,
  };
}

function joinUrl(parts: UrlParts): string {
  return parts.scheme + parts.userInfo + parts.host + parts.port + parts.path + parts.query;
}

function withoutFragment(url: string): string {
  const hash = url.indexOf('#');
  return hash === -1 ? url : url.slice(0, hash);
}

/** Messaging signs the port as configured, voice drops it, and a default port may have been added on the way. */
function portVariantsOf(parts: UrlParts): string[] {
  const defaultPort = parts.scheme.toLowerCase() === 'https://' ? ':443' : ':80';
  return [joinUrl({ ...parts, port: '' }), joinUrl({ ...parts, port: parts.port || defaultPort })];
}

/** The query as Node's `querystring` writes it, a form that the official package accepts. */
function legacyQuery(query: string): string {
  if (query === '') return '';
  // By default parse() stops at 1000 keys; what it left out would not be covered by the signature.
  return `?${stringify(parse(query.slice(1), '&', '=', { maxKeys: 0 }))}`;
}
