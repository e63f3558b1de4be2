/**
 * What stays of a webhook once its content is erased: which message it was, of which account, from whom to whom, of what
 * kind, and which message it answered. Everything else goes, also what Twilio may add one day: texts, names, media,
 * places, answers, referrals and the copies of them in `ChannelMetadata`.
 *
 * @see https://www.twilio.com/docs/messaging/guides/webhook-request
 */
const identifying = [
  'AccountSid',
  'MessageSid',
  'SmsMessageSid',
  'SmsSid',
  'MessagingServiceSid',
  'From',
  'To',
  'WaId',
  'ExternalUserId',
  'MessageType',
  'NumMedia',
  'SmsStatus',
  'OriginalRepliedMessageSid',
  'OriginalRepliedMessageSender',
  'ApiVersion',
] as const;

/** The parameters without what was written, sent or shown. */
export function identifyingParameters(params: Readonly<Record<string, string>>): Record<string, string> {
  const kept = identifying.filter((name) => Object.hasOwn(params, name)).map((name) => [name, params[name]!]);
  return Object.fromEntries(kept) as Record<string, string>;
}
