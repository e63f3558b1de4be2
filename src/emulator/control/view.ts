import type { Core } from '../core';
import { errorTitle } from '../error-titles';
import type { Message } from '../message';
import type { User } from '../phone/user';

/** A message as the phone page shows it. */
export function messageView(message: Message): Record<string, unknown> {
  return {
    sid: message.sid,
    phone: message.user.id,
    direction: message.direction === 'inbound' ? 'inbound' : 'outbound',
    body: message.body,
    kind: message.messageType ?? 'text',
    status: message.status,
    error: message.errorCode === null ? undefined : { code: message.errorCode, title: errorTitle(message.errorCode) },
    at: message.createdAt,
    media: message.media.map(({ sid, contentType, url }) => ({ sid, contentType, url })),
    place: message.extras.place,
    buttons: message.extras.buttons ?? [],
    rows: message.extras.rows ?? [],
    replyTo: message.replyTo,
    reception: message.reception,
  };
}

export function userView(user: User): Record<string, unknown> {
  return { id: user.id, profileName: user.profileName, online: user.online, open: user.open };
}

/** All that the page needs to show itself anew. No credentials. */
export function stateView(core: Core): Record<string, unknown> {
  const { account, journal, messages, users } = core;
  return {
    accountSid: account.sid,
    sender: account.sender,
    webhook: account.webhook ?? null,
    now: core.clock.now(),
    users: users.all().map(userView),
    messages: messages.all().map(messageView),
    requests: journal.requests.slice(-100),
    alerts: journal.alerts.slice(-100),
  };
}
