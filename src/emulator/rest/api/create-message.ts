import { parseAddress } from '../../../whatsapp-twilio/messages/address';
import type { Account } from '../../accounts/account';
import type { MessagingService } from '../../accounts/messaging-service';
import type { Sender } from '../../accounts/sender';
import type { Core } from '../../core';
import type { Extras, Message } from '../../message';
import { createOutbound, type OutboundDraft } from '../../outbound';
import type { User } from '../../phone/user';
import { type ContentTemplate, isAuthentication, render } from '../../rules/content';
import { findTemplate } from '../../rules/find-template';
import type { Context } from '../route';
import { isHttpUrl } from '../http-url';
import { invalid, TwilioError } from '../twilio-error';
import { readValidity } from '../validity-period';

const LONGEST_BODY = 1600;
const MOST_MEDIA = 10;
const SOONEST_SEND_AT_MS = 300_000;
const LATEST_SEND_AT_MS = 35 * 24 * 3_600_000;

/**
 * Checks the parameters of a new message and makes it.
 *
 * @throws TwilioError with Twilio's code for the first thing that is wrong.
 * @see https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource
 */
export function createMessage({ core, account, call }: Context): Message {
  const { form } = call;
  const to = readTo(form);
  const { sender, service } = readSender(core, account, form, to);
  const known = core.users.find(to.address);
  if (known) checkOptOut(known, sender, service);
  const statusCallback = readStatusCallback(form);
  const applicationSid = readApplication(account, form);
  const validityPeriod = readValidity(form);
  const sendAt = readSchedule(core, form, service !== undefined);
  const content = readContent(account, sender, form);
  return createOutbound(core, {
    ...content,
    direction: 'outbound-api',
    user: known ?? core.users.obtain(to.address),
    to: to.text,
    account,
    sender,
    service,
    statusCallback,
    applicationSid,
    validityPeriod,
    sendAt,
  });
}

/** @see https://www.twilio.com/docs/api/errors/21610 */
function checkOptOut(user: User, sender: Sender | undefined, service: MessagingService | undefined): void {
  const addresses = sender ? [sender.address] : (service?.pool ?? []);
  if (addresses.some((address) => user.chats.get(address)?.optedOut)) {
    throw invalid(21610, 'Attempt to send to unsubscribed recipient');
  }
}

interface Recipient {
  readonly text: string;
  readonly address: NonNullable<ReturnType<typeof parseAddress>>;
}

function readTo(form: URLSearchParams): Recipient {
  const text = form.get('To') ?? '';
  if (text === '') throw invalid(21604, "A 'To' phone number is required.");
  const address = parseAddress(text);
  if (!address) throw invalid(21211, `The 'To' number ${text} is not a valid phone number.`);
  return { text, address };
}

interface Origin {
  readonly sender?: Sender;
  readonly service?: MessagingService;
}

/** Who sends it: a sender, a Messaging Service, or a sender of the service's pool. */
function readSender(core: Core, account: Account, form: URLSearchParams, to: Recipient): Origin {
  const from = form.get('From') ?? '';
  const serviceSid = form.get('MessagingServiceSid') ?? '';
  if (from === '' && serviceSid === '') throw invalid(21603, "A 'From' phone number is required.");
  const service = serviceSid === '' ? undefined : findService(account, serviceSid);
  if (from !== '') {
    const sender = findSender(core, account, from, to);
    return service ? { sender, service } : { sender };
  }
  if (!isWhatsapp(to.text) || service?.pool.length === 0) {
    throw new TwilioError(400, 21703, 'The Messaging Service contains no sender for this To');
  }
  return service ? { service } : {};
}

function findService(account: Account, sid: string): MessagingService {
  if (!/^MG[0-9a-f]{32}$/i.test(sid)) throw invalid(21705, 'The Messaging Service Sid is invalid.');
  const service = account.services.get(sid);
  if (!service) throw new TwilioError(404, 21701, 'The Messaging Service does not exist.');
  return service;
}

function findSender(core: Core, account: Account, from: string, to: Recipient): Sender {
  if (from === to.text) throw invalid(63031, 'Channel message cannot have same From and To');
  if (isWhatsapp(from) !== isWhatsapp(to.text)) {
    throw invalid(21910, 'Invalid From and To pair. From and To should be of the same channel');
  }
  if (!parseAddress(from)) {
    throw invalid(
      21212,
      `The 'From' number ${from} is not a valid phone number, shortcode, or alphanumeric sender ID.`,
    );
  }
  const sender = account.senders.get(from);
  if (sender) return sender;
  const owned = core.accounts.all().map(({ senders }) => senders.get(from));
  // The number of the sandbox is in every account that has turned its own on.
  const isAnothers = owned.some((found) => found !== undefined && found.sandbox === undefined);
  if (!isWhatsapp(from) || isAnothers) {
    throw invalid(21660, `Mismatch between the 'From' number ${from} and the account ${account.sid}`);
  }
  throw invalid(63007, 'Twilio could not find a Channel with the specified From address');
}

function isWhatsapp(address: string): boolean {
  return address.startsWith('whatsapp:');
}

/** @see https://www.twilio.com/docs/api/errors/21609 */
function readStatusCallback(form: URLSearchParams): string | undefined {
  const url = form.get('StatusCallback') ?? '';
  if (url === '') return undefined;
  if (!isHttpUrl(url) || new URL(url).hostname.includes('_')) {
    throw invalid(21609, `The StatusCallback URL ${url} is not a valid URL.`);
  }
  return url;
}

/** @see https://www.twilio.com/docs/api/errors/21218 */
function readApplication(account: Account, form: URLSearchParams): string | undefined {
  const sid = form.get('ApplicationSid') ?? '';
  if (sid === '') return undefined;
  if (!account.applications.has(sid)) throw invalid(21218, 'Invalid ApplicationSid');
  return sid;
}

/** @see https://www.twilio.com/docs/messaging/features/message-scheduling */
function readSchedule(core: Core, form: URLSearchParams, throughService: boolean): number | undefined {
  const type = form.get('ScheduleType') ?? '';
  if (type === '') return undefined;
  if (type !== 'fixed') throw invalid(35126, 'The ScheduleType value provided is not supported for this channel');
  if (!throughService) throw invalid(35118, 'MessagingServiceSid is required to schedule a message');
  const text = form.get('SendAt') ?? '';
  if (text === '') throw invalid(35111, 'SendAt timestamp is missing');
  const sendAt = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  const ahead = sendAt - core.clock.now();
  if (!(ahead >= SOONEST_SEND_AT_MS && ahead <= LATEST_SEND_AT_MS)) {
    throw invalid(
      35114,
      'SendAt time must be between 300 seconds and 35 days (3024000 seconds) in the future, inclusive',
    );
  }
  return sendAt;
}

type Content = Pick<OutboundDraft, 'body' | 'mediaUrls' | 'extras' | 'template'>;

function readContent(account: Account, sender: Sender | undefined, form: URLSearchParams): Content {
  const contentSid = form.get('ContentSid') ?? '';
  const variables = form.get('ContentVariables') ?? '';
  if (contentSid !== '') return readTemplate(findTemplate(account, sender, contentSid), variables);
  if (variables !== '') throw invalid(21654, 'ContentSid Required');
  const body = form.get('Body') ?? '';
  const mediaUrls = form.getAll('MediaUrl').filter((url) => url !== '');
  const place = readPlace(form.getAll('PersistentAction'));
  if (body === '' && mediaUrls.length === 0) {
    throw invalid(21619, 'A text message body or media urls must be specified.');
  }
  if (characters(body) > LONGEST_BODY) {
    throw invalid(21617, 'The concatenated message body exceeds the 1600 character limit');
  }
  if (mediaUrls.length > MOST_MEDIA) throw invalid(21623, 'Number of media files exceeds allowed limit');
  for (const url of mediaUrls) {
    if (!isHttpUrl(url)) throw invalid(21620, `Invalid media URL(s): ${url}`);
  }
  return { body, mediaUrls, ...(place === undefined ? {} : { extras: { place } }) };
}

function readTemplate(template: ContentTemplate | undefined, text: string): Content {
  if (!template) throw invalid(21655, 'The ContentSid is Invalid');
  const variables = readVariables(text);
  // One variable, the code; anything beside it is refused.
  if (isAuthentication(template) && Object.keys(variables).some((name) => name !== '1')) {
    throw invalid(21656, 'The ContentVariables Parameter is invalid');
  }
  const { body, mediaUrls, extras } = render(template, variables);
  return { body, mediaUrls, extras, template: { contentSid: template.sid, variables } };
}

/** @see https://www.twilio.com/docs/api/errors/21656 */
function readVariables(text: string): Record<string, string> {
  if (text === '') return {};
  const problem = invalid(21656, 'The ContentVariables Parameter is invalid');
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw problem;
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw problem;
  const entries = Object.entries(parsed).map(([name, value]): [string, string] => {
    if (typeof value !== 'string' || value === '' || /[\n\r\t]| {5}/.test(value)) throw problem;
    return [name, value];
  });
  if (entries.length > 100) throw invalid(92002, 'A template has at most 100 variables');
  return Object.fromEntries(entries);
}

/** `geo:37.78,-122.39|Twilio` */
function readPlace(actions: readonly string[]): Extras['place'] {
  const geo = actions.find((action) => action.startsWith('geo:'));
  if (geo === undefined) return undefined;
  const match = /^geo:(-?\d{1,3}(?:\.\d+)?),(-?\d{1,3}(?:\.\d+)?)(?:\|(.*))?$/s.exec(geo);
  const [latitude, longitude] = [Number(match?.[1]), Number(match?.[2])];
  if (!match || Math.abs(latitude) > 90 || Math.abs(longitude) > 180) {
    throw invalid(20422, 'Invalid Parameter: PersistentAction');
  }
  return match[3] === undefined ? { latitude, longitude } : { latitude, longitude, label: match[3] };
}

/** An emoji outside the basic plane counts once, though it has two code units. */
function characters(text: string): number {
  return text.length - (text.match(/[\uD800-\uDBFF][\uDC00-\uDFFF]/g)?.length ?? 0);
}
