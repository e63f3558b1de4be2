import { parseUrl } from '../../common/parse-url';
import type { Account } from '../accounts/account';
import type { Core } from '../core';
import { errorTitle } from '../error-titles';
import type { Message } from '../message';
import { type User, windowClosesAt } from '../phone/user';
import { mayOpenConversation } from '../rules/content';

/** What a page gets at once; what is older it does not show. */
const MOST_MESSAGES = 1000;
const MOST_USERS = 500;

/** A message as the phone page shows it. */
export function messageView(core: Core, message: Message): Record<string, unknown> {
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
    media: message.media.map(({ sid, contentType, filename, url, data }) => ({
      sid,
      contentType,
      filename: filename ?? nameIn(url),
      size: data?.length,
      here: data !== undefined,
    })),
    place: message.extras.place,
    buttons: message.extras.buttons ?? [],
    rows: message.extras.rows ?? [],
    template: templateView(core, message),
    replyTo: message.replyTo,
    forwarded: message.forwarded,
    sendAt: message.sendAt,
    reception: message.reception,
  };
}

/** The template by its name, so that a reader knows which one it was. */
function templateView(core: Core, message: Message): Record<string, unknown> | undefined {
  if (message.template === undefined) return undefined;
  const { contentSid, variables } = message.template;
  const content = core.accounts.get(message.accountSid)?.contents.get(contentSid);
  return { contentSid, variables, name: content?.friendlyName, approved: content && mayOpenConversation(content) };
}

/** The last part of a file's URL, which phones show as its name. */
function nameIn(url: string | undefined): string | undefined {
  const path = url === undefined ? undefined : parseUrl(url)?.pathname;
  const name = path?.slice(path.lastIndexOf('/') + 1);
  if (name === undefined || name === '') return undefined;
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

export function userView(user: User): Record<string, unknown> {
  return {
    id: user.id,
    number: user.number,
    bsuid: user.bsuid,
    profileName: user.profileName,
    online: user.online,
    open: user.open,
    readReceipts: user.readReceipts,
    chats: [...user.chats].map(([sender, { optedOut, blocked }]) => ({
      sender,
      windowClosesAt: windowClosesAt(user, sender) ?? null,
      optedOut,
      blocked,
    })),
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
    faults: core.faults.current,
    users: users.all().slice(-MOST_USERS).map(userView),
    messages: messages
      .all()
      .slice(-MOST_MESSAGES)
      .map((message) => messageView(core, message)),
    requests: journal.requests.slice(-100),
    alerts: journal.alerts.slice(-100),
  };
}
