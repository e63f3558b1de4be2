import { ownProperty, parseBoundedJson } from './bounded-json';

const LONGEST_CHANNEL_METADATA = 16_384;

/** What `ChannelMetadata` may stand in for. Addresses, SIDs and media are never taken from it. */
const repeatedInChannelMetadata: ReadonlySet<string> = new Set([
  'ProfileName',
  'WaId',
  'ExternalUserId',
  'Forwarded',
  'FrequentlyForwarded',
  'ButtonText',
  'ButtonPayload',
]);

/** Reads one parameter; `undefined` when it is missing or empty, as Twilio writes both for "there is none". */
export type ParameterReader = (name: string) => string | undefined;

/**
 * Every parameter as it came, in a plain object that JSON can hold. Of a repeated name the first value counts, as with
 * `URLSearchParams.get`; a parameter named like something on `Object.prototype` is only data.
 */
export function toParameterRecord(params: Readonly<Record<string, string>> | URLSearchParams): Record<string, string> {
  const entries = new Map<string, string>();
  for (const [name, value] of params instanceof URLSearchParams ? params : Object.entries<unknown>(params)) {
    // Body parsers other than URLSearchParams collect a repeated name into an array.
    const first: unknown = Array.isArray(value) ? value[0] : value;
    if (typeof first === 'string' && !entries.has(name)) entries.set(name, first);
  }
  return Object.fromEntries(entries);
}

/**
 * Reads from the parameters, and where a WhatsApp field is missing among them, from the copy in `ChannelMetadata`.
 *
 * @see https://www.twilio.com/docs/messaging/guides/webhook-request
 */
export function parameterReader(raw: Readonly<Record<string, string>>): ParameterReader {
  const own: ParameterReader = (name) => (Object.hasOwn(raw, name) ? raw[name] : undefined) || undefined;
  const metadata = parseBoundedJson(own('ChannelMetadata') ?? '', LONGEST_CHANNEL_METADATA);
  const context = ownProperty(ownProperty(metadata, 'data'), 'context');

  return (name) => {
    const value = own(name);
    if (value !== undefined || !repeatedInChannelMetadata.has(name)) return value;
    const copy = ownProperty(context, name);
    return typeof copy === 'string' || typeof copy === 'boolean' ? String(copy) || undefined : undefined;
  };
}
