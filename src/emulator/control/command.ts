import type { FileToSend, Phone } from '../phone/phone';
import type { WebhookOutcome } from '../webhooks/inbound';

/** What is wrong with a command, in words for whoever sent it. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

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
      return phone.sends(text(fields, 'text'));
    case 'image':
      return phone.sendsImage(file(fields));
    case 'sticker':
      return phone.sendsSticker(file(fields));
    case 'video':
      return phone.sendsVideo(file(fields));
    case 'voice':
      return phone.sendsVoice(file(fields));
    case 'document':
      return phone.sendsDocument(file(fields));
    case 'contact':
      return phone.sendsContact({ name: text(fields, 'name'), phone: text(fields, 'contactPhone') });
    case 'location': {
      const label = optional(fields, 'label');
      const address = optional(fields, 'address');
      return phone.sendsLocation({
        latitude: coordinate(fields, 'latitude', 90),
        longitude: coordinate(fields, 'longitude', 180),
        ...(label === undefined ? {} : { label }),
        ...(address === undefined ? {} : { address }),
      });
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
  if (contentType !== undefined && !/^[\w.+-]+\/[\w.+-]+$/.test(contentType)) {
    throw new CommandError('contentType is not a media type');
  }
  if (url !== undefined && !/^https?:\/\//.test(url)) throw new CommandError('url is not an http URL');
  return {
    ...(base64 === undefined ? {} : { data: Buffer.from(base64, 'base64') }),
    ...(url === undefined ? {} : { url }),
    ...(contentType === undefined ? {} : { contentType }),
    ...(caption === undefined ? {} : { caption }),
  };
}
