import { nextMessageSid, samples, withoutUndefined, type WebhookOverrides, type WebhookParameters } from './payloads';

/** The statuses for which Twilio calls back. */
export type CallbackStatus = 'queued' | 'sent' | 'delivered' | 'read' | 'failed' | 'undelivered' | 'canceled';

/** What only some statuses have. */
const special: Readonly<Record<CallbackStatus, WebhookParameters>> = {
  queued: {},
  sent: { StructuredMessage: 'false' },
  delivered: { EventType: 'DELIVERED' },
  read: { EventType: 'READ' },
  failed: { ErrorCode: '63016' },
  undelivered: { ErrorCode: '63024', ChannelStatusMessage: 'Message undeliverable' },
  canceled: {},
};

/**
 * A status callback for an outbound message, with the parameters that Twilio sends for that status. Pass the
 * `MessageSid` of the message it is about; `undefined` leaves a parameter out.
 *
 * @see https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks
 * @example
 * statusCallback('failed', { MessageSid: sid, ErrorCode: '63015' });
 */
export function statusCallback(status: CallbackStatus, overrides: WebhookOverrides = {}): WebhookParameters {
  const sid = overrides['MessageSid'] ?? nextMessageSid();
  const to = overrides['To'] ?? samples.user;
  return withoutUndefined({
    SmsSid: sid,
    SmsStatus: status,
    MessageStatus: status,
    ChannelToAddress: to.slice('whatsapp:'.length),
    To: to,
    ChannelPrefix: 'whatsapp',
    MessageSid: sid,
    AccountSid: samples.accountSid,
    From: samples.sender,
    ApiVersion: '2010-04-01',
    ChannelInstallSid: `XE${'0'.repeat(31)}1`,
    ...special[status],
    ...overrides,
  });
}
