import { parseUrl } from '../../common/parse-url';
import { mayOpenConversation } from '../content';
import type { Core } from '../core';
import { errorTitle } from '../error-titles';
import type { Message } from '../message';
import { type User, windowClosesAt } from '../phone/user';

/** A message as the phone page shows it. */
export function messageView(core: Core, message: Message): Record<string, unknown> {
  return {
    sid: message.sid,
    sender: message.direction === 'inbound' ? message.to : (message.from ?? core.account.sender),
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
    template: message.template && templateView(core, message.template),
    replyTo: message.replyTo,
    forwarded: message.forwarded,
    sendAt: message.sendAt,
    reception: message.reception,
  };
}

/** The template by its name, so that a reader knows which one it was. */
function templateView(
  core: Core,
  { contentSid, variables }: NonNullable<Message['template']>,
): Record<string, unknown> {
  const content = core.contents.get(contentSid);
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
  const { id, number, bsuid, profileName, online, open, readReceipts } = user;
  const chats = [{ sender: core.account.sender, windowClosesAt: windowClosesAt(user) ?? null }];
  return { id, number, bsuid, profileName, online, open, readReceipts, chats };
}

/** All that the page needs to show itself anew. No credentials. */
export function stateView(core: Core): Record<string, unknown> {
  const { account, journal, messages, users } = core;
  return {
    accountSid: account.sid,
    sender: account.sender,
    webhook: account.webhook ?? null,
    now: core.clock.now(),
    faults: core.faults.current,
    users: users.all().map((user) => userView(core, user)),
    messages: messages.all().map((message) => messageView(core, message)),
    requests: journal.requests.slice(-100),
    alerts: journal.alerts.slice(-100),
  };
}
