import { parseUrl } from '../../common/parse-url';
import { maskDigits } from '../messages/address';

const LONGEST_TEXT = 300;
const API_VERSION = '2010-04-01';

/** What the text of an error keeps, and what it may not keep, in the order in which it is looked for. */
const PARTS = new RegExp(
  [
    String.raw`(\bhttps?:\/\/[^\s"'<>]+)`,
    String.raw`(\b[A-Z]{2}[0-9a-fA-F]{32}\b|${API_VERSION})`,
    String.raw`\b[A-Z]{2}(?:\.ENT)?\.[A-Za-z0-9]{6,128}\b`,
    String.raw`\+?\d(?:[\s().-]{0,2}\d){6,}`,
  ].join('|'),
  'g',
);

/**
 * Makes a text of Twilio's fit for a log: phone numbers and user ids are masked, URLs cut to their host, control
 * characters replaced, `secrets` (whatever the request carried that is nobody else's business) removed, the length
 * bounded. SIDs stay.
 */
export function scrub(text: string, secrets: readonly string[] = []): string {
  // Long enough that what is cut off cannot be the rest of a number that shows.
  let scrubbed = text.slice(0, 20 * LONGEST_TEXT);
  for (const secret of secrets) if (secret.length >= 4) scrubbed = scrubbed.replaceAll(secret, '•••');
  scrubbed = scrubbed
    .replaceAll(PARTS, mask)
    // eslint-disable-next-line no-control-regex
    .replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\s]+/g, ' ')
    .trim();
  return scrubbed.length <= LONGEST_TEXT ? scrubbed : `${scrubbed.slice(0, LONGEST_TEXT - 1)}…`;
}

function mask(match: string, url?: string, kept?: string): string {
  if (kept !== undefined) return kept;
  if (url !== undefined) {
    const parsed = parseUrl(url);
    return parsed ? `${parsed.origin}/…` : '•••';
  }
  return maskDigits(match);
}
