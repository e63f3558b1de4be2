import type { Addressee } from '../connections/connection-provider';
import { readAddress } from '../messages/address';
import { fromTwilioStatus } from '../messages/message-status';

type Params = Readonly<Record<string, string>>;

/** An inbound message says `received`; a callback has a status of its own, or at least its `EventType` (`READ`). */
export function isStatusCallback(params: Params): boolean {
  const status = params['MessageStatus'] || params['SmsStatus'];
  if (status) return !/^receiv(ed|ing)$/i.test(status);
  return fromTwilioStatus(params['EventType'] ?? '') !== undefined;
}

/** Our side of a message: whom the user wrote to, or who wrote to the user. */
export function addresseeOf(params: Params): Addressee {
  const ours = params[isStatusCallback(params) ? 'From' : 'To'];
  const messagingServiceSid = params['MessagingServiceSid'];
  return {
    ...(ours && { sender: readAddress(ours).value }),
    ...(messagingServiceSid && { messagingServiceSid }),
  };
}
