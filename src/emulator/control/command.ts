import type { FileToSend, Phone, SendContext } from '../phone/phone';
import type { WebhookOutcome } from '../webhooks/inbound';

/** What is wrong with a command, in words for whoever sent it. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

const LONGEST_FILENAME = 240;

export type Fields = Readonly<Record<string, unknown>>;

/**
 * Sends what a command describes, for example `{ kind: 'text', text: 'hi' }` or `{ kind: 'location', latitude, longitude }`.
 *
 * @throws CommandError for a kind that is unknown or a field that is missing.
 */
export function sendAs(phone: Phone, fields: Fields): Promise<WebhookOutcome> {
  const kind = fields.kind ?? 'text';
  switch (kind) {
    case 'text':
      return phone.sends(text(fields, 'text'), context(fields));
    case 'image':
      return phone.sendsImage(file(fields), context(fields));
    case 'sticker':
      return phone.sendsSticker(file(fields), context(fields));
    case 'video':
      return phone.sendsVideo(file(fields), context(fields));
    case 'voice':
      return phone.sendsVoice(file(fields), context(fields));
    case 'document':
      return phone.sendsDocument(file(fields), context(fields));
    case 'contact':
      return phone.sendsContact(
        { name: line(text(fields, 'name')), phone: line(text(fields, 'contactPhone')) },
        context(fields),
      );
    case 'location': {
      const label = optional(fields, 'label');
      const address = optional(fields, 'address');
      return phone.sendsLocation(
        {
          latitude: coordinate(fields, 'latitude', 90),
          longitude: coordinate(fields, 'longitude', 180),
          ...(label === undefined ? {} : { label }),
          ...(address === undefined ? {} : { address }),
        },
        context(fields),
      );
    }
    case 'tap':
      return phone.taps(text(fields, 'title'), on(fields));
    case 'pick':
      return phone.picks(text(fields, 'title'), on(fields));
    case 'reply':
      return phone.replies(text(fields, 'text'), { sid: text(fields, 'to') });
    case 'reaction':
      return phone.reacts(optional(fields, 'emoji') ?? '', { sid: text(fields, 'to') });
    default:
      throw new CommandError(`Unknown kind of message: ${JSON.stringify(kind)}`);
  }
}

export function text(fields: Fields, name: string): string {
  const value = optional(fields, name);
  if (value === undefined || value === '') throw new CommandError(`${name} is missing`);
  return value;
}

export function optional(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw new CommandError(`${name} is not text`);
  return value;
}

/** @throws CommandError for a value that is neither `true` nor `false`. */
export function flag(fields: Fields, name: string): boolean | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'boolean') throw new CommandError(`${name} is neither true nor false`);
  return value;
}

/** Any kind of message can quote another one (`replyTo`), and be forwarded (`once`, `frequently`). */
function context(fields: Fields): SendContext {
  const sid = optional(fields, 'replyTo');
  const forwarded = optional(fields, 'forwarded');
  if (forwarded !== undefined && forwarded !== 'once' && forwarded !== 'frequently') {
    throw new CommandError('forwarded is neither once nor frequently');
  }
  return {
    ...(sid === undefined ? {} : { quoting: { sid } }),
    ...(forwarded === undefined ? {} : { forwarded }),
  };
}

/** A line break would add a property to a vCard. */
function line(value: string): string {
  return value.replace(/[\r\n]+/g, ' ');
}

function on(fields: Fields): { sid: string } | undefined {
  const sid = optional(fields, 'on');
  return sid === undefined ? undefined : { sid };
}

function coordinate(fields: Fields, name: string, most: number): number {
  const value = fields[name];
  if (typeof value !== 'number' || !(Math.abs(value) <= most)) {
    throw new CommandError(`${name} is not a number from -${most} to ${most}`);
  }
  return value;
}

function file(fields: Fields): FileToSend {
  const base64 = optional(fields, 'data');
  const url = optional(fields, 'url');
  const contentType = optional(fields, 'contentType');
  const caption = optional(fields, 'caption');
  const filename = optional(fields, 'filename')?.slice(0, LONGEST_FILENAME);
  if (contentType !== undefined && !/^[\w.+-]+\/[\w.+-]+$/.test(contentType)) {
    throw new CommandError('contentType is not a media type');
  }
  if (url !== undefined && !/^https?:\/\//.test(url)) throw new CommandError('url is not an http URL');
  return {
    ...(base64 === undefined ? {} : { data: Buffer.from(base64, 'base64') }),
    ...(url === undefined ? {} : { url }),
    ...(contentType === undefined ? {} : { contentType }),
    ...(caption === undefined ? {} : { caption }),
    ...(filename === undefined ? {} : { filename }),
  };
}
