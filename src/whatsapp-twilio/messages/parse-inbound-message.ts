import { readAddress } from './address';
import { readContent } from './inbound-content';
import { toMedia } from './inbound-media';
import type { Referral, ReplyTo, WhatsappMessage } from './inbound-message';
import { parameterReader, toParameterRecord, type ParameterReader } from './webhook-parameters';

/** What the parameters do not say. */
export interface InboundContext {
  /** The connection that received the message; `default` if left out. */
  readonly connectionId?: string;
  /** When the webhook was taken in; the time of the call if left out. */
  readonly receivedAt?: Date;
}

/**
 * Reads the parameters of an inbound WhatsApp webhook into a message. It never throws and never drops anything: a
 * message that fits no known shape is `unsupported`, and `raw` holds every parameter as it came.
 *
 * It does not check who sent them: verify the signature first.
 *
 * @see https://www.twilio.com/docs/messaging/guides/webhook-request
 * @example
 * const message = parseInboundMessage(new URLSearchParams(rawBody));
 * if (message.kind === 'image') console.log(message.media[0]?.url);
 */
export function parseInboundMessage(
  params: Readonly<Record<string, string>> | URLSearchParams,
  { connectionId = 'default', receivedAt = new Date() }: InboundContext = {},
): WhatsappMessage {
  const raw = toParameterRecord(params);
  const read = parameterReader(raw);
  const userId = read('ExternalUserId');
  const waId = read('WaId');
  const profileName = read('ProfileName');
  const replyTo = readReplyTo(read);
  const referral = readReferral(read);

  return {
    sid: read('MessageSid') ?? read('SmsMessageSid') ?? read('SmsSid') ?? '',
    connectionId,
    from: readAddress(read('From') ?? ''),
    to: readAddress(read('To') ?? ''),
    ...(userId !== undefined && { userId: readAddress(userId).value }),
    ...(waId !== undefined && { waId }),
    ...(profileName !== undefined && { profileName }),
    ...(replyTo && { replyTo }),
    forwarded: isTrue(read('Forwarded')),
    frequentlyForwarded: isTrue(read('FrequentlyForwarded')),
    ...(referral && { referral }),
    receivedAt,
    ...readContent(read),
    raw,
  };
}

function readReplyTo(read: ParameterReader): ReplyTo | undefined {
  const sid = read('OriginalRepliedMessageSid');
  if (sid === undefined) return undefined;
  const sender = read('OriginalRepliedMessageSender');
  return sender === undefined ? { sid } : { sid, sender: readAddress(sender) };
}

/** `ReferralNumMedia` comes with every message, `0` as a rule, and alone is no referral. */
function readReferral(read: ParameterReader): Referral | undefined {
  const found = {
    sourceId: read('ReferralSourceId'),
    sourceType: read('ReferralSourceType'),
    sourceUrl: read('ReferralSourceUrl'),
    headline: read('ReferralHeadline'),
    body: read('ReferralBody'),
    clickId: read('ReferralCtwaClid'),
  };
  const file = toMedia(read('ReferralMediaUrl'), read('ReferralMediaContentType'));
  const present = Object.entries(found).filter(([, value]) => value !== undefined);
  if (present.length === 0 && !file) return undefined;
  return { ...Object.fromEntries(present), media: file ? [file] : [] };
}

function isTrue(text: string | undefined): boolean {
  return text?.toLowerCase() === 'true';
}
