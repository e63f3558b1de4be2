import type { Account } from '../accounts/account';
import type { Core } from '../core';
import { errorTitle } from '../error-titles';
import type { Message } from '../message';
import { type User, windowClosesAt } from '../phone/user';

/** A message as the phone page shows it. */
export function messageView(message: Message): Record<string, unknown> {
  return {
    sid: message.sid,
    accountSid: message.accountSid,
    sender: message.direction === 'inbound' ? message.to : message.from,
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
  return {
    id: user.id,
    profileName: user.profileName,
    online: user.online,
    open: user.open,
    readReceipts: user.readReceipts,
    chats: [...user.chats.keys()].map((sender) => ({ sender, windowClosesAt: windowClosesAt(user, sender) ?? null })),
  };
}

export function accountView(account: Account): Record<string, unknown> {
  return {
    sid: account.sid,
    ownerSid: (account.parent ?? account).sid,
    friendlyName: account.friendlyName,
    type: account.type,
    status: account.status,
    senders: [...account.senders.values()].map(({ address, status, webhook }) => ({ address, status, webhook })),
    services: [...account.services.values()].map(({ sid, friendlyName, pool }) => ({ sid, friendlyName, pool })),
  };
}

/** All that the page needs to show itself anew. No credentials. */
export function stateView(core: Core): Record<string, unknown> {
  const { accounts, journal, messages, users } = core;
  const { main } = accounts;
  const [sender] = main.senders.values();
  return {
    accountSid: main.sid,
    sender: sender?.address,
    webhook: sender?.webhook.url === undefined ? null : sender.webhook,
    accounts: accounts.all().map(accountView),
    now: core.clock.now(),
    users: users.all().map(userView),
    messages: messages.all().map(messageView),
    requests: journal.requests.slice(-100),
    alerts: journal.alerts.slice(-100),
  };
}
