import {
  ArrayUnique,
  IsBoolean,
  IsInt,
  IsOptional,
  IsString,
  Matches,
  Max,
  Min,
  ValidateBy,
  type ValidationOptions,
} from 'class-validator';
import { parseUrl } from '../../common/parse-url';
import type { EventSubscriber } from '../events/event';
import { parseAddress } from '../messages/address';
import { parseEncryptionKey } from './encryption-key';

const CONNECTION_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
const MESSAGING_SERVICE_SID = /^MG[0-9a-fA-F]{32}$/;

/** The settings that are no secrets. Messages complete the sentence "fromNumber (WHATSAPP_FROM_NUMBER) …". */
export class WhatsappTwilioConfig {
  @IsOptional()
  @Satisfies(isPhoneSender, {
    message: 'must be a WhatsApp sender such as whatsapp:+15551234567: a plus and 7 to 15 digits.',
  })
  fromNumber?: string;

  @IsOptional()
  @Matches(MESSAGING_SERVICE_SID, { message: 'must be MG followed by 32 hexadecimal digits.' })
  messagingServiceSid?: string;

  @Satisfies(isPublicUrl, {
    each: true,
    message:
      'must be the https:// address under which Twilio reaches this app, without query or fragment; ' +
      'its host name has no underscore, as Twilio refuses those.',
  })
  publicUrl: unknown[] = [];

  @Satisfies(isStorageUrl, {
    message:
      'must be sqlite::memory:, sqlite:./data/whatsapp.db or another path, or postgres://user:password@host/database.',
  })
  storageUrl!: string;

  @IsOptional()
  @SpoolsFor('storageUrl')
  @Satisfies(isFilePath, { message: 'must be the path of a file, such as ./data/spool.db.' })
  spoolPath?: string;

  @Max(1_000_000, { message: 'must be at most 1000000 sends a minute.' })
  @Min(1, { message: 'must be at least 1 send a minute.' })
  @IsInt({ message: 'must be a whole number of sends a minute.' })
  rateLimitRpm!: number;

  @Satisfies(isHttpOrigin, { message: 'must be an http(s) origin without a path, such as http://127.0.0.1:4010.' })
  apiBaseUrl!: string;

  @Satisfies((value) => value !== 'status', { message: 'must not be "status", which is a path of the webhooks.' })
  @Matches(CONNECTION_ID, {
    message: 'must be 1 to 64 letters, digits, _ or -, as it becomes part of the webhook path.',
  })
  connectionId!: string;

  @Max(1000, { message: 'must be at most 1000.' })
  @Min(1, { message: 'must be at least 1.' })
  @IsInt({ message: 'must be a whole number.' })
  handlersConcurrency!: number;

  @Max(86_400_000, { message: 'must be at most 86400000 milliseconds (a day).' })
  @Min(1, { message: 'must be at least 1 millisecond.' })
  @IsInt({ message: 'must be a whole number of milliseconds.' })
  handlersTimeoutMs!: number;

  @Max(1000, { message: 'must be at most 1000.' })
  @Min(1, { message: 'must be at least 1.' })
  @IsInt({ message: 'must be a whole number.' })
  handlersMaxAttempts!: number;

  @Max(600_000, { message: 'must be at most 600000 milliseconds (ten minutes).' })
  @Min(1, { message: 'must be at least 1 millisecond.' })
  @IsInt({ message: 'must be a whole number of milliseconds.' })
  handlersRetryDelayMs!: number;

  @Max(86_400_000, { message: 'must be at most 86400000 milliseconds (a day).' })
  @Min(1, { message: 'must be at least 1 millisecond.' })
  @IsInt({ message: 'must be a whole number of milliseconds.' })
  settleAfterMs!: number;

  @Max(86_400_000, { message: 'must be at most 86400000 milliseconds (a day).' })
  @Min(1, { message: 'must be at least 1 millisecond.' })
  @IsInt({ message: 'must be a whole number of milliseconds.' })
  giveUpAfterMs!: number;

  @Max(3_600_000, { message: 'must be at most 3600000 milliseconds (an hour).' })
  @Min(0, { message: 'must be at least 0 milliseconds.' })
  @IsInt({ message: 'must be a whole number of milliseconds.' })
  promoteAfterMs!: number;

  @Max(604_800_000, { message: 'must be at most 604800000 milliseconds (a week).' })
  @Min(0, { message: 'must be at least 0 milliseconds.' })
  @IsInt({ message: 'must be a whole number of milliseconds.' })
  overlapMs!: number;

  @IsOptional()
  @Max(3650, { message: 'must be at most 3650 days.' })
  @Min(1, { message: 'must be at least 1 day.' })
  @IsInt({ message: 'must be a whole number of days.' })
  retentionDays?: number;

  @IsBoolean({ message: 'must be true or false.' })
  eventsLog!: boolean;

  @Satisfies(isSubscriberList, {
    message:
      'must be a list of up to 20 objects with a name of 1 to 64 letters, digits, ".", "_" or "-", each another one, and a function deliver.',
  })
  eventSubscribers!: readonly EventSubscriber[];

  @Satisfies(isKeywordList, { message: 'must be a list of up to 100 words of 1 to 100 characters; none for none.' })
  optOutStop!: readonly string[];

  @Satisfies(isKeywordList, { message: 'must be a list of up to 100 words of 1 to 100 characters; none for none.' })
  optOutStart!: readonly string[];
}

/** The secrets of a connection. No message ever prints a value. */
export class WhatsappTwilioSecrets {
  @Matches(/^AC[0-9a-fA-F]{32}$/, {
    message: "must be AC followed by 32 hexadecimal digits, as shown on the front page of Twilio's console.",
  })
  accountSid!: string;

  @ArrayUnique({ message: 'must not hold the same token twice.' })
  @Satisfies(isToken, {
    each: true,
    message: "must be the account's auth token from Twilio's console: 1 to 256 visible characters, without spaces.",
  })
  @Satisfies((tokens) => Array.isArray(tokens) && tokens.length >= 1 && tokens.length <= 4, {
    message: "must hold one to four auth tokens; take the account's from Twilio's console.",
  })
  authToken!: unknown[];

  @IsOptional()
  @Matches(/^SK[0-9a-fA-F]{32}$/, { message: 'must be SK followed by 32 hexadecimal digits.' })
  apiKeySid?: string;

  @Satisfies((keys) => Array.isArray(keys) && haveOwnIds(keys), {
    message: 'must give each key an id of its own, as the id tells which key opens a secret.',
  })
  @Satisfies((key) => typeof key === 'string' && parseEncryptionKey(key) !== undefined, {
    each: true,
    message:
      'must be a list of id:key, the id 1 to 32 letters, digits, _ or -, the key 32 bytes in base64. Make one with ' +
      '`openssl rand -base64 32`.',
  })
  encryptionKeys: unknown[] = [];

  @IsOptional()
  @Satisfies(isToken, { message: 'must be the secret of the API key: 1 to 256 visible characters, without spaces.' })
  @IsString({ message: 'must be text.' })
  apiKeySecret?: string;
}

/** The kinds of storage that `storage.url` can name. */
export const storageSchemes = ['sqlite:', 'postgres:', 'postgresql:'] as const;

function Satisfies(validate: (value: unknown) => boolean, options: ValidationOptions): PropertyDecorator {
  return ValidateBy({ name: validate.name || 'satisfies', validator: { validate } }, options);
}

/** A file needs no second one beside it. */
function SpoolsFor(urlProperty: 'storageUrl'): PropertyDecorator {
  return ValidateBy(
    {
      name: 'spoolsFor',
      validator: {
        validate: (_path, args) => /^postgres(ql)?:/.test((args!.object as WhatsappTwilioConfig)[urlProperty]),
      },
    },
    {
      message:
        'is for webhooks while PostgreSQL cannot be reached: it goes with a postgres:// storage.url (DATABASE_URL).',
    },
  );
}

function isSubscriberList(value: unknown): boolean {
  if (!Array.isArray(value) || value.length > 20) return false;
  const names = value.map((each: Partial<EventSubscriber> | null) => each?.name);
  return (
    new Set(names).size === names.length &&
    names.every((name) => typeof name === 'string' && /^[A-Za-z0-9][\w.-]{0,63}$/.test(name)) &&
    value.every((each: Partial<EventSubscriber>) => typeof each.deliver === 'function')
  );
}

function isKeywordList(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.length <= 100 &&
    value.every((word) => typeof word === 'string' && word.trim() !== '' && word.length <= 100)
  );
}

function haveOwnIds(keys: readonly unknown[]): boolean {
  const ids = keys.map((key) => String(key).split(':', 1)[0]);
  return new Set(ids).size === ids.length;
}

function isFilePath(value: unknown): boolean {
  return typeof value === 'string' && value.length <= 4096 && /^(?!\s*$|:memory:|sqlite:|file:)[^\0]+$/.test(value);
}

function isPhoneSender(value: unknown): boolean {
  return typeof value === 'string' && parseAddress(value)?.kind === 'phone';
}

function isToken(value: unknown): boolean {
  return typeof value === 'string' && /^[\x21-\x7e]{1,256}$/.test(value) && !/^\*+$/.test(value);
}

function isStorageUrl(value: unknown): boolean {
  return typeof value === 'string' && storageSchemes.some((scheme) => value.startsWith(scheme) && value !== scheme);
}

function isPublicUrl(value: unknown): boolean {
  const url = httpUrl(value);
  return url !== undefined && url.search === '' && url.hash === '' && !url.hostname.includes('_');
}

function isHttpOrigin(value: unknown): boolean {
  const url = httpUrl(value);
  return url !== undefined && `${url.pathname}${url.search}${url.hash}${url.username}${url.password}` === '/';
}

function httpUrl(value: unknown): URL | undefined {
  return typeof value === 'string' && /^https?:\/\//i.test(value) ? parseUrl(value) : undefined;
}
