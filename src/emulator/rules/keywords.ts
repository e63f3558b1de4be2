import type { Core } from '../core';
import type { Message } from '../message';
import { createOutbound, senderOf } from '../outbound';
import { type Chat, chatOf } from '../phone/user';

const SANDBOX_MS = 3 * 24 * 3_600_000;
const STOP = new Set(['STOP', 'STOPALL', 'UNSUBSCRIBE', 'END', 'QUIT', 'CANCEL', 'REVOKE', 'OPTOUT']);
const START = new Set(['START', 'UNSTOP']);
const HELP = new Set(['HELP', 'INFO']);

/** What Twilio itself makes of an inbound message before the application sees it. */
export interface KeywordOutcome {
  /** Whether the application is asked at all. */
  readonly forward: boolean;
  /** Parameters that the webhook has besides. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Twilio's own answer to the user. */
  readonly notice?: Message;
}

/**
 * Joins and leaves the sandbox, and keeps who opted out where the Messaging Service has Advanced Opt-Out.
 *
 * @see https://www.twilio.com/docs/whatsapp/sandbox
 * @see https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out
 */
export function obeyKeywords(core: Core, message: Message): KeywordOutcome {
  const sender = senderOf(core, message);
  const chat = chatOf(message.user, message.to);
  const word = message.body.trim().toUpperCase();
  if (sender?.sandbox) {
    const text = joinSandbox(core, message, chat, sender.sandbox.code, word);
    if (text !== undefined) return { forward: false, parameters: {}, notice: notice(core, message, text) };
  }
  const service = core.accounts.of(message).services.get(message.messagingServiceSid ?? '');
  return service?.advancedOptOut === true ? optOut(core, message, chat, word) : { forward: true, parameters: {} };
}

/** What Twilio answers in place of the application; `undefined` for a member's ordinary message. */
function joinSandbox(core: Core, message: Message, chat: Chat, code: string, word: string): string | undefined {
  const now = core.clock.now();
  if (word === `JOIN ${code.toUpperCase()}`) {
    chat.sandbox = { accountSid: message.accountSid, until: now + SANDBOX_MS };
    return 'Twilio Sandbox: You are all set! The sandbox can now send and receive messages. Reply stop to leave it.';
  }
  const isMember = chat.sandbox?.accountSid === message.accountSid && now < chat.sandbox.until;
  if (isMember && word === 'STOP') {
    chat.sandbox = undefined;
    return `Twilio Sandbox: You have left the sandbox. Send join ${code} to come back.`;
  }
  if (isMember) return undefined;
  return `Twilio Sandbox: Your number is not connected to a sandbox. Send join ${code} first. Membership lasts 72 hours.`;
}

function optOut(core: Core, message: Message, chat: Chat, word: string): KeywordOutcome {
  if (STOP.has(word)) {
    const text = 'You have successfully been unsubscribed. Reply START to resubscribe.';
    const reply = notice(core, message, text);
    chat.optedOut = true;
    return { forward: true, parameters: { OptOutType: 'STOP' }, notice: reply };
  }
  if (START.has(word)) {
    chat.optedOut = false;
    const text = 'You have successfully been re-subscribed. Reply STOP to unsubscribe.';
    return { forward: true, parameters: { OptOutType: 'START' }, notice: notice(core, message, text) };
  }
  if (!HELP.has(word)) return { forward: true, parameters: {} };
  const text = 'Reply STOP to unsubscribe.';
  return { forward: true, parameters: { OptOutType: 'HELP' }, notice: notice(core, message, text) };
}

function notice(core: Core, message: Message, body: string): Message {
  return createOutbound(core, {
    direction: 'outbound-reply',
    account: core.accounts.of(message),
    sender: senderOf(core, message),
    user: message.user,
    to: message.from ?? '',
    body,
    mediaUrls: [],
    isNotice: true,
  });
}
