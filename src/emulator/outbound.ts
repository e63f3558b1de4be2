import type { Core } from './core';
import { mayOpenConversation } from './content';
import type { Extras, Message } from './message';
import type { User } from './phone/user';

/** A message to a user, once it has passed every check. */
export interface OutboundDraft {
  readonly direction: 'outbound-api' | 'outbound-reply';
  readonly user: User;
  /** As the caller addressed the user. */
  readonly to: string;
  readonly body: string;
  readonly mediaUrls: readonly string[];
  readonly extras?: Extras;
  readonly throughService?: boolean;
  readonly statusCallback?: string | undefined;
  readonly sendAt?: number | undefined;
  readonly template?: Message['template'];
}

export function createOutbound(core: Core, draft: OutboundDraft): Message {
  const { account, random } = core;
  const now = core.clock.now();
  const rich = draft.mediaUrls.length > 0 || draft.template !== undefined;
  const throughService = draft.throughService === true;
  const statusCallback = draft.statusCallback ?? account.webhook?.statusCallback;
  const message: Message = {
    sid: random.sid(rich ? 'MM' : 'SM'),
    direction: draft.direction,
    user: draft.user,
    from: throughService ? null : account.sender,
    to: draft.to,
    body: draft.body,
    media: draft.mediaUrls.map((url) => ({ sid: random.sid('ME'), createdAt: now, contentType: '', url })),
    extras: draft.extras ?? {},
    status: draft.sendAt !== undefined ? 'scheduled' : throughService ? 'accepted' : 'queued',
    errorCode: null,
    createdAt: now,
    updatedAt: now,
    sentAt: null,
    messagingServiceSid: throughService ? (account.messagingServiceSid ?? null) : null,
    ...(statusCallback === undefined ? {} : { statusCallback }),
    ...(draft.sendAt === undefined ? {} : { sendAt: draft.sendAt }),
    ...(draft.template === undefined ? {} : { template: draft.template }),
  };
  core.messages.add(message);
  return message;
}

/** Whether WhatsApp lets the message through outside the 24-hour window: as an approved template only. */
export function isApprovedTemplate(core: Core, message: Message): boolean {
  const template = message.template && core.contents.get(message.template.contentSid);
  return template !== undefined && mayOpenConversation(template);
}
