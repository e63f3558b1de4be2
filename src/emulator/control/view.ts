import { parseUrl } from '../../common/parse-url';
import type { Account } from '../accounts/account';
import type { Core } from '../core';
import { errorTitle } from '../error-titles';
import type { Message } from '../message';
import { type User, windowClosesAt } from '../phone/user';
import { mayOpenConversation, richestType } from '../rules/content';
import { templateOf } from '../rules/refusal';

/** What a page gets at once; what is older it does not show. */
const MOST_MESSAGES = 1000;
const MOST_USERS = 500;

/** A message as the phone page shows it. */
export function messageView(core: Core, message: Message): Record<string, unknown> {
  return {
    sid: message.sid,
    accountSid: message.accountSid,
    sender: message.direction === 'inbound' ? message.to : (message.from ?? firstSender(core)),
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
    listButton: message.extras.listButton,
    template: message.template && templateView(core, message),
    replyTo: message.replyTo,
    forwarded: message.forwarded,
    sendAt: message.sendAt,
    reception: message.reception,
  };
}

/** The template by its name, so that a reader knows which one it was. */
function templateView(core: Core, message: Message): Record<string, unknown> {
  const content = templateOf(core, message);
  const { contentSid, variables } = message.template ?? {};
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

export function userView(core: Core, user: User): Record<string, unknown> {
  const { id, number, bsuid, profileName, onWhatsapp, online, open, readReceipts } = user;
  const senders = new Set([firstSender(core), ...user.chats.keys()]);
  const chats = [...senders].filter((sender) => sender !== undefined).map((sender) => chatView(user, sender));
  return { id, number, bsuid, profileName, onWhatsapp, online, open, readReceipts, chats };
}

function chatView(user: User, sender: string): Record<string, unknown> {
  const chat = user.chats.get(sender);
  return {
    sender,
    windowClosesAt: windowClosesAt(user, sender) ?? null,
    optedOut: chat?.optedOut ?? false,
    blocked: chat?.blocked ?? false,
    sandboxUntil: chat?.sandbox?.until ?? null,
  };
}

/** An account with what it has, and without its credentials. */
export function accountView(account: Account): Record<string, unknown> {
  return {
    sid: account.sid,
    ownerSid: (account.parent ?? account).sid,
    friendlyName: account.friendlyName,
    type: account.type,
    status: account.status,
    senders: [...account.senders.values()].map(({ sid, address, status, webhook, sandbox }) => ({
      sid,
      address,
      status,
      webhook,
      sandbox: sandbox ?? null,
    })),
    services: [...account.services.values()].map(({ sid, friendlyName, pool }) => ({ sid, friendlyName, pool })),
    templates: [...account.contents.values()].map((template) => ({
      sid: template.sid,
      friendlyName: template.friendlyName,
      language: template.language,
      type: richestType(template),
      approval: template.approval,
    })),
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
    now: core.clock.now(),
    faults: core.faults.current,
    accounts: accounts.all().map(accountView),
    users: users
      .all()
      .slice(-MOST_USERS)
      .map((user) => userView(core, user)),
    messages: messages
      .all()
      .slice(-MOST_MESSAGES)
      .map((message) => messageView(core, message)),
    requests: journal.requests.slice(-100),
    alerts: journal.alerts.slice(-100),
  };
}

function firstSender(core: Core): string | undefined {
  const [sender] = core.accounts.main.senders.keys();
  return sender;
}
