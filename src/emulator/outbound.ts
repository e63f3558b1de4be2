import type { Account } from './accounts/account';
import type { MessagingService } from './accounts/messaging-service';
import type { Sender } from './accounts/sender';
import type { Core } from './core';
import { type Extras, LONGEST_VALIDITY_S, type Message } from './message';
import type { User } from './phone/user';

/** A message to a user, once it has passed every check. */
export interface OutboundDraft {
  readonly direction: 'outbound-api' | 'outbound-reply';
  readonly account: Account;
  /** Missing where the service picks one. */
  readonly sender?: Sender | undefined;
  readonly service?: MessagingService | undefined;
  readonly user: User;
  /** As the caller addressed the user. */
  readonly to: string;
  readonly body: string;
  readonly mediaUrls: readonly string[];
  readonly extras?: Extras;
  readonly statusCallback?: string | undefined;
  readonly applicationSid?: string | undefined;
  readonly sendAt?: number | undefined;
  /** Seconds. Default: the service's, or 10 hours. */
  readonly validityPeriod?: number | undefined;
  readonly template?: Message['template'];
  readonly isNotice?: true;
}

export function createOutbound(core: Core, draft: OutboundDraft): Message {
  const { random } = core;
  const now = core.clock.now();
  const rich = draft.mediaUrls.length > 0 || draft.template !== undefined;
  const { account, sender, service } = draft;
  const message: Message = {
    sid: random.sid(rich ? 'MM' : 'SM'),
    accountSid: account.sid,
    ordinal: core.messages.nextOrdinal(),
    direction: draft.direction,
    user: draft.user,
    from: sender?.address ?? null,
    to: draft.to,
    body: draft.body,
    media: draft.mediaUrls.map((url) => ({ sid: random.sid('ME'), createdAt: now, contentType: '', url })),
    extras: draft.extras ?? {},
    status: draft.sendAt !== undefined ? 'scheduled' : service ? 'accepted' : 'queued',
    errorCode: null,
    createdAt: now,
    updatedAt: now,
    sentAt: null,
    messagingServiceSid: service?.sid ?? null,
    validityPeriod: draft.validityPeriod ?? service?.validityPeriod ?? LONGEST_VALIDITY_S,
    ...(draft.statusCallback === undefined ? {} : { statusCallback: draft.statusCallback }),
    ...(draft.applicationSid === undefined ? {} : { applicationSid: draft.applicationSid }),
    ...(draft.sendAt === undefined ? {} : { sendAt: draft.sendAt }),
    ...(draft.template === undefined ? {} : { template: draft.template }),
    ...(draft.isNotice === undefined ? {} : { isNotice: draft.isNotice }),
  };
  core.messages.add(message);
  return message;
}

/** The sender of a message, once it has one. */
export function senderOf(core: Core, message: Message): Sender | undefined {
  const address = message.direction === 'inbound' ? message.to : message.from;
  return address === null ? undefined : core.accounts.of(message).senders.get(address);
}

/**
 * The message's own callback comes before its application's, that before the service's, and that before the sender's. Of a message that has no sender
 * yet it is that of the one that comes first in its service.
 */
export function statusCallbackOf(core: Core, message: Message): string | undefined {
  if (message.isNotice) return undefined;
  const account = core.accounts.of(message);
  const service = account.services.get(message.messagingServiceSid ?? '');
  const sender = senderOf(core, message) ?? account.senders.get(service?.pool[0] ?? '');
  const application = account.applications.get(message.applicationSid ?? '');
  return (
    message.statusCallback ??
    application?.messageStatusCallback ??
    service?.statusCallback ??
    sender?.webhook.statusCallback
  );
}
