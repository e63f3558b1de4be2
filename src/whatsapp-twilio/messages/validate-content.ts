import { parseUrl } from '../../common/parse-url';
import type { FieldErrors } from './field-errors';
import type { LocationContent, TemplateContent } from './outbound-content';
import type { NormalizedContent } from './outbound-message';
import { validateStringRecord } from './string-record';
import { refuseUnknownFields } from './unknown-fields';

const LONGEST_TEXT = 1600;
const LONGEST_URL = 2048;
const LONGEST_LABEL = 1000;
const MOST_MEDIA = 10;
const MOST_VARIABLES = 100;
const LONGEST_VARIABLE = 1600;

const templateFields = new Set(['contentSid', 'variables']);
const locationFields = new Set(['latitude', 'longitude', 'label']);

export interface RawContent {
  readonly text?: unknown;
  readonly media?: unknown;
  readonly template?: unknown;
  readonly location?: unknown;
}

/**
 * Checks that there is exactly one kind of content and that Twilio would take it. `undefined` when nothing could be
 * made of it; `errors` then says why.
 */
export function validateContent(input: RawContent, errors: FieldErrors): NormalizedContent | undefined {
  const kinds = (['template', 'location', 'media', 'text'] as const).filter((kind) => isGiven(input[kind]));
  const [kind, ...others] = kinds;
  for (const other of others) {
    if (kind === 'media' && other === 'text') continue;
    errors.add(other, 'conflict', `cannot be sent together with ${kind}. Send them as two messages.`);
  }
  switch (kind) {
    case 'template':
      return validateTemplate(input.template, errors);
    case 'location':
      return validateLocation(input.location, errors);
    case 'media':
      return validateMedia(input.media, input.text, errors);
    case 'text': {
      const text = validateText('text', input.text, LONGEST_TEXT, errors);
      return text === undefined ? undefined : { text };
    }
    default:
      errors.add('text', 'required', 'is required, unless there is media, a template or a location.');
      return undefined;
  }
}

/** JSON has no `undefined`, so `null` means "left out" as well. */
export function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/**
 * Characters are counted as UTF-16 code units, in which an emoji is two or more. Twilio does not say how it counts, only
 * that an emoji takes more space; this is the strictest reading, so a text that passes here passes there.
 *
 * @see https://www.twilio.com/docs/api/errors/21617
 */
function validateText(field: string, value: unknown, longest: number, errors: FieldErrors): string | undefined {
  if (typeof value !== 'string') {
    errors.add(field, 'invalid', 'must be a string.');
  } else if (value.length > longest) {
    const remedy = field === 'text' ? 'Shorten it or send it as two messages.' : 'Shorten it.';
    errors.add(field, 'too-long', `has ${value.length} characters; at most ${longest} can be sent. ${remedy}`);
  } else if (value.trim() === '') {
    errors.add(field, 'empty', 'is empty. Give it some text or leave it out.');
  } else {
    return value;
  }
  return undefined;
}

function validateMedia(media: unknown, caption: unknown, errors: FieldErrors): NormalizedContent | undefined {
  const text = isGiven(caption) ? validateText('text', caption, LONGEST_TEXT, errors) : undefined;
  const list: readonly unknown[] = Array.isArray(media) ? media : [media];
  if (list.length === 0) {
    errors.add('media', 'empty', 'is empty. Give at least one URL.');
    return undefined;
  }
  if (list.length > MOST_MEDIA) {
    errors.add('media', 'too-many', `has ${list.length} URLs; Twilio accepts at most ${MOST_MEDIA} in one message.`);
    return undefined;
  }
  const urls = list.filter((url, index): url is string =>
    validateUrl(Array.isArray(media) ? `media[${index}]` : 'media', url, errors),
  );
  return { media: Object.freeze(urls), ...(text !== undefined && { text }) };
}

/** Only the form is checked: Twilio fetches the file, not this process. */
function validateUrl(field: string, value: unknown, errors: FieldErrors): value is string {
  const url = typeof value === 'string' && /^https?:\/\/\S+$/i.test(value) ? parseUrl(value) : undefined;
  if (typeof value !== 'string' || url === undefined) {
    errors.add(field, 'invalid', 'must be an absolute http or https URL.');
    return false;
  }
  if (value.length > LONGEST_URL) {
    errors.add(field, 'too-long', `has ${value.length} characters; at most ${LONGEST_URL} can be sent.`);
    return false;
  }
  const { username, password } = url;
  if (username !== '' || password !== '') {
    errors.add(field, 'invalid', 'must not carry a user name or password. Use a signed URL instead.');
    return false;
  }
  return true;
}

/** @see https://www.twilio.com/docs/content/using-variables-with-content-api */
function validateTemplate(value: unknown, errors: FieldErrors): TemplateContent | undefined {
  if (!isObject(value)) {
    errors.add('template', 'invalid', 'must be an object with contentSid and, if it has any, variables.');
    return undefined;
  }
  refuseUnknownFields(value, templateFields, 'template', errors);
  const contentSid = validateContentSid(value['contentSid'], errors);
  const variables = isGiven(value['variables'])
    ? validateStringRecord(
        'template.variables',
        value['variables'],
        MOST_VARIABLES,
        (field, name, each) => validateVariable(field, name, each, errors),
        errors,
      )
    : undefined;
  return contentSid === undefined
    ? undefined
    : { template: Object.freeze({ contentSid, ...(variables && { variables }) }) };
}

function validateContentSid(value: unknown, errors: FieldErrors): string | undefined {
  if (typeof value === 'string' && /^HX[0-9a-fA-F]{32}$/.test(value)) return value;
  if (isGiven(value)) {
    errors.add('template.contentSid', 'invalid', 'must be the SID of a content template: HX and 32 hex digits.');
  } else {
    errors.add('template.contentSid', 'required', 'is required.');
  }
  return undefined;
}

/** WhatsApp refuses a variable with a line break, a tab or more than four spaces in a row only after Twilio took it. */
function validateVariable(field: string, name: string, value: unknown, errors: FieldErrors): string | undefined {
  if (!/^\S{1,16}$/.test(name)) {
    errors.add(field, 'invalid', 'must have a name of 1 to 16 characters without spaces.');
    return undefined;
  }
  if (typeof value !== 'string') {
    errors.add(field, 'invalid', 'must be a string. Pass numbers and dates as the text that the user shall see.');
    return undefined;
  }
  if (/[\n\r\t]| {5}/.test(value)) {
    errors.add(field, 'invalid', 'must not have a line break, a tab or more than four spaces in a row.');
    return undefined;
  }
  return validateText(field, value, LONGEST_VARIABLE, errors);
}

/** @see https://www.twilio.com/docs/whatsapp/message-features */
function validateLocation(value: unknown, errors: FieldErrors): LocationContent | undefined {
  if (!isObject(value)) {
    errors.add('location', 'invalid', 'must be an object with latitude and longitude.');
    return undefined;
  }
  refuseUnknownFields(value, locationFields, 'location', errors);
  const latitude = validateDegrees('latitude', value['latitude'], 90, errors);
  const longitude = validateDegrees('longitude', value['longitude'], 180, errors);
  const label = isGiven(value['label'])
    ? validateText('location.label', value['label'], LONGEST_LABEL, errors)
    : undefined;
  if (latitude === undefined || longitude === undefined) return undefined;
  return { location: Object.freeze({ latitude, longitude, ...(label !== undefined && { label }) }) };
}

function validateDegrees(name: string, value: unknown, limit: number, errors: FieldErrors): number | undefined {
  const field = `location.${name}`;
  if (typeof value === 'number' && Math.abs(value) <= limit) return value;
  if (!isGiven(value)) {
    errors.add(field, 'required', 'is required.');
  } else if (typeof value === 'number' && Number.isFinite(value)) {
    errors.add(field, 'out-of-range', `must be between -${limit} and ${limit} degrees.`);
  } else {
    errors.add(field, 'invalid', 'must be a finite number of degrees.');
  }
  return undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
