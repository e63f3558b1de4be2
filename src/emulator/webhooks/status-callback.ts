import { API_VERSION } from '../rest/api/resources';
import type { Sender } from '../accounts/sender';
import { errorTitle } from '../error-titles';
import type { Message } from '../message';

/**
 * The parameters of a status callback for the message as it stands.
 *
 * @see https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks
 */
export function statusParameters(message: Message, sender: Sender | undefined): URLSearchParams {
  const { status } = message;
  const parameters = new URLSearchParams({
    ChannelToAddress: maskEnd(message.user.number ?? message.user.id),
    SmsSid: message.sid,
    SmsStatus: status,
    MessageStatus: status,
    To: message.to,
    ChannelPrefix: 'whatsapp',
    MessageSid: message.sid,
    AccountSid: message.accountSid,
    ...(message.from === null ? {} : { From: message.from }),
    ApiVersion: API_VERSION,
    ...(sender === undefined ? {} : { ChannelInstallSid: sender.sid }),
  });
  if (status === 'delivered' || status === 'read') parameters.set('EventType', status.toUpperCase());
  if (status === 'sent') parameters.set('StructuredMessage', String(message.template !== undefined));
  if (message.messagingServiceSid !== null) parameters.set('MessagingServiceSid', message.messagingServiceSid);
  if (message.user.bsuid !== undefined) parameters.set('ExternalUserId', `whatsapp:${message.user.bsuid}`);
  if (message.errorCode !== null) {
    parameters.set('ErrorCode', String(message.errorCode));
    parameters.set('ChannelStatusMessage', errorTitle(message.errorCode));
  }
  return parameters;
}

function maskEnd(address: string): string {
  return `${address.slice(0, -4)}XXXX`;
}
