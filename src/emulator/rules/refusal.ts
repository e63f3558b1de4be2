import type { Sender } from '../accounts/sender';
import type { Core } from '../core';
import type { Message } from '../message';
import { senderOf } from '../outbound';
import { chatOf, windowIsOpen } from '../phone/user';
import { APPROVAL_ERRORS } from './approval';
import { type ContentTemplate, isAuthentication, mayOpenConversation, render } from './content';
import { findTemplate } from './find-template';
import { SANDBOX_TEMPLATES } from './sandbox-templates';

const SANDBOX_PAUSE_MS = 3000;

/** Why a message does not leave or does not arrive, told by callback only, after Twilio took it. */
export interface Refusal {
  readonly status: 'failed' | 'undelivered';
  /** @see https://www.twilio.com/docs/api/errors */
  readonly code: number;
}

/** What WhatsApp and Twilio have against a message that is about to leave. */
export function refusalOf(core: Core, message: Message): Refusal | undefined {
  const code = failureOf(core, message);
  if (code !== undefined) return { status: 'failed', code };
  const template = templateOf(core, message);
  // Since April 2025 no marketing template reaches a number of the United States.
  const isToUs = message.user.number?.startsWith('+1') === true;
  return template?.approval.category === 'MARKETING' && isToUs ? { status: 'undelivered', code: 63049 } : undefined;
}

function failureOf(core: Core, message: Message): number | undefined {
  if (!core.accounts.of(message).isActive) return 30002;
  if (message.isNotice) return undefined;
  if (isOverdue(message, core.clock.now())) return 30036;
  const fault = core.faults.nextDelivery('failed');
  if (fault !== undefined) return fault;
  if (!message.user.onWhatsapp) return 63024;
  const sender = senderOf(core, message);
  if (sender?.status !== 'ONLINE') return 63007;
  return (sender.sandbox ? sandboxFailure(core, message) : undefined) ?? contentFailure(core, message);
}

/** Whether it waited longer than its `ValidityPeriod`. @see https://www.twilio.com/docs/api/errors/30036 */
function isOverdue({ sendAt, createdAt, validityPeriod = 0 }: Message, now: number): boolean {
  return now - (sendAt ?? createdAt) > validityPeriod * 1000;
}

/** @see https://www.twilio.com/docs/whatsapp/sandbox */
function sandboxFailure(core: Core, message: Message): number | undefined {
  const chat = chatOf(message.user, message.from ?? '');
  const now = core.clock.now();
  if (chat.sandbox?.accountSid !== message.accountSid || now >= chat.sandbox.until) return 63015;
  if (chat.sentAt !== undefined && now - chat.sentAt < SANDBOX_PAUSE_MS) return 63018;
  return undefined;
}

function contentFailure(core: Core, message: Message): number | undefined {
  const template = templateOf(core, message);
  const isOpen = !core.enforceWindow || windowIsOpen(message.user, message.from ?? '', core.clock.now());
  if (!template) return isOpen ? undefined : 63016;
  const approval = APPROVAL_ERRORS[template.approval.status];
  if (approval !== undefined) return approval;
  if (!isOpen && !(mayOpenConversation(template) && isKnownTo(senderOf(core, message), template))) return 63016;
  if (render(template, message.template?.variables ?? {}).missingVariables) return 63028;
  // A one-time password is for a telephone number, which a user who hides it does not show.
  if (isAuthentication(template) && message.user.number === undefined) return 63024;
  return tooManyButtons(template) ? 63005 : undefined;
}

/** WhatsApp approved an account's templates for its own senders; the sandbox's number is Twilio's and has only Twilio's. */
function isKnownTo(sender: Sender | undefined, template: ContentTemplate): boolean {
  return !sender?.sandbox || SANDBOX_TEMPLATES.has(template.sid);
}

const MOST_BUTTONS_IN_SESSION = 3;

/** Ten buttons as an approved template, three without approval. */
function tooManyButtons(template: ContentTemplate): boolean {
  const actions = template.types['twilio/quick-reply']?.actions;
  return template.approval.status !== 'approved' && Array.isArray(actions) && actions.length > MOST_BUTTONS_IN_SESSION;
}

/** The template that a message was made from, if it still exists. */
export function templateOf(core: Core, message: Message): ContentTemplate | undefined {
  const account = core.accounts.of(message);
  return message.template && findTemplate(account, senderOf(core, message), message.template.contentSid);
}
