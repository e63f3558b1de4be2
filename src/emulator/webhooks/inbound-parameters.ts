import type { Account } from '../accounts/account';
import type { Message } from '../message';
import { addressOf } from '../phone/user';
import { API_VERSION, mediaPath } from '../rest/api/resources';
import type { SeededRandom } from '../random';

/** Parameters that only some kinds of message have, such as `ButtonText` or `ListId`. */
export type KindParameters = Readonly<Record<string, string>>;

/**
 * The parameters of an inbound WhatsApp message, in no particular order, as Twilio sends them.
 *
 * @see https://www.twilio.com/docs/messaging/guides/webhook-request
 */
export function inboundParameters(
  message: Message,
  kind: KindParameters,
  account: Account,
  origin: string,
  random: SeededRandom,
): URLSearchParams {
  const { user } = message;
  const context = {
    ...(user.profileName === undefined ? {} : { ProfileName: user.profileName }),
    ...(user.number === undefined ? {} : { WaId: user.number.slice(1) }),
    ...pick(kind, ['ButtonText', 'ButtonPayload', 'Forwarded', 'FrequentlyForwarded']),
  };
  const parameters: Record<string, string> = {
    SmsMessageSid: message.sid,
    NumMedia: String(message.media.length),
    ...context,
    MessageType: message.messageType ?? 'text',
    SmsSid: message.sid,
    SmsStatus: 'received',
    Body: message.body,
    To: message.to,
    NumSegments: '1',
    ReferralNumMedia: '0',
    MessageSid: message.sid,
    AccountSid: account.sid,
    ChannelMetadata: JSON.stringify({ type: 'whatsapp', data: { context } }),
    From: addressOf(user),
    ApiVersion: API_VERSION,
    ...kind,
  };
  if (user.bsuid !== undefined) parameters.ExternalUserId = `whatsapp:${user.bsuid}`;
  if (message.messagingServiceSid !== null) parameters.MessagingServiceSid = message.messagingServiceSid;
  for (const [index, media] of message.media.entries()) {
    parameters[`MediaUrl${index}`] = origin + mediaPath(account.sid, message.sid, media.sid);
    parameters[`MediaContentType${index}`] = media.contentType;
  }
  return new URLSearchParams(shuffled(Object.entries(parameters), random));
}

function pick(parameters: KindParameters, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(parameters).filter(([name]) => names.includes(name)));
}

function shuffled<T>(list: readonly T[], random: SeededRandom): T[] {
  return list
    .map((entry) => ({ entry, rank: random.next() }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ entry }) => entry);
}
