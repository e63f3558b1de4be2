import type { Dispatcher } from 'undici';
import type { Clock } from '../../common/clock';
import { parseUrl } from '../../common/parse-url';
import { twilioApiBaseUrl, twilioMessagingBaseUrl } from '../contract/messaging.whatsapp.twilio';
import { type Address, formatAddress } from '../messages/address';
import { isRecord } from '../twilio/json';
import type { AccountResource } from '../twilio/message-resource';
import { TwilioClient } from '../twilio/twilio-client';
import { isTwilioError, type TwilioErrorCode } from '../twilio/twilio-errors';
import { TwilioTransport } from '../twilio/twilio-transport';
import type { Connection, Credentials } from './connection';

const SENDERS_A_PAGE = 100;
const MOST_SENDER_PAGES = 20;
/** Twilio's shared number for trying out: no account lists it. */
const SANDBOX = '+14155238886';
/** The same API in Twilio's other regions, each with tokens of its own; https://www.twilio.com/docs/global-infrastructure. */
const otherRegions = ['https://api.dublin.ie1.twilio.com', 'https://api.sydney.au1.twilio.com'];
/** Credentials that may not see a list say nothing about what is in it. */
const cannotTell: ReadonlySet<TwilioErrorCode> = new Set([
  'TWILIO_AUTHENTICATION',
  'TWILIO_NOT_FOUND',
  'TWILIO_INVALID_REQUEST',
]);

export interface TwilioProbeOptions {
  readonly baseUrl: string;
  readonly clock: Clock;
  readonly dispatcher: Dispatcher;
  /** Where the API of other regions is; none for what stands in for Twilio. */
  readonly regions?: readonly string[];
}

/** The questions that tell whether a connection works, each asked with the credentials that may ask it. */
export class TwilioProbe {
  readonly #token: Credentials;

  constructor(
    private readonly connection: Connection,
    private readonly options: TwilioProbeOptions,
    token = connection.authTokens[0]!,
  ) {
    this.#token = { username: connection.accountSid, password: token };
  }

  account(): Promise<AccountResource> {
    return this.#client(this.#token).fetchAccount();
  }

  async messagesWithApiKey(): Promise<void> {
    await this.#client(this.connection.credentials[0]).listMessages({ limit: 1, pageSize: 1 });
  }

  /** `undefined` when it cannot be told. */
  async hasSender(sender: Address): Promise<boolean | undefined> {
    if (sender.value === SANDBOX) return true;
    const transport = this.#messaging();
    const wanted = formatAddress(sender);
    let path: string | undefined = `/v2/Channels/Senders?Channel=whatsapp&PageSize=${SENDERS_A_PAGE}`;
    for (let page = 0; path !== undefined && page < MOST_SENDER_PAGES; page++) {
      const read: SenderPage | undefined = await unlessHidden(
        transport.call({ method: 'GET', path, idempotent: true, read: readSenders }),
      );
      if (read === undefined) return undefined;
      if (read.senders.includes(wanted)) return true;
      const next: URL | undefined = read.next === undefined ? undefined : parseUrl(read.next, transport.origin);
      // Another host would be given the credentials.
      if (next !== undefined && next.origin !== transport.origin) return undefined;
      path = next && next.pathname + next.search;
    }
    return path === undefined ? false : undefined;
  }

  /** `undefined` when it cannot be told. */
  async hasService(sid: string): Promise<boolean | undefined> {
    try {
      await this.#messaging().call({ method: 'GET', path: `/v1/Services/${sid}`, idempotent: true, read: () => true });
      return true;
    } catch (error) {
      if (!isTwilioError(error) || !cannotTell.has(error.code)) throw error;
      return error.code === 'TWILIO_NOT_FOUND' ? false : undefined;
    }
  }

  /** Whether the API of another region takes the token that this one refuses. */
  async isOfAnotherRegion(): Promise<boolean> {
    const regions = this.options.regions ?? (this.options.baseUrl === twilioApiBaseUrl ? otherRegions : []);
    const answers = regions.map((baseUrl) => this.#client(this.#token, baseUrl).fetchAccount());
    return (await Promise.allSettled(answers)).some(({ status }) => status === 'fulfilled');
  }

  #client(credentials: Credentials, baseUrl = this.options.baseUrl): TwilioClient {
    const { clock, dispatcher } = this.options;
    return new TwilioClient({ accountSid: this.connection.accountSid, ...credentials, baseUrl, clock, dispatcher });
  }

  #messaging(): TwilioTransport {
    const { baseUrl, clock, dispatcher } = this.options;
    const isTwilio = baseUrl === twilioApiBaseUrl;
    return new TwilioTransport({
      ...this.#token,
      baseUrl: isTwilio ? twilioMessagingBaseUrl : baseUrl,
      clock,
      dispatcher,
    });
  }
}

async function unlessHidden<Result>(call: Promise<Result>): Promise<Result | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isTwilioError(error) && cannotTell.has(error.code)) return undefined;
    throw error;
  }
}

interface SenderPage {
  readonly senders: readonly string[];
  readonly next: string | undefined;
}

function readSenders(json: unknown): SenderPage | undefined {
  if (!isRecord(json) || !Array.isArray(json['senders'])) return undefined;
  const senders = json['senders'].map((sender: unknown) => (isRecord(sender) ? String(sender['sender_id']) : ''));
  const next = isRecord(json['meta']) ? json['meta']['next_page_url'] : undefined;
  return { senders, next: typeof next === 'string' ? next : undefined };
}
