import type { Core } from '../core';
import type { Message } from '../message';
import { windowIsOpen } from '../phone/user';
import { mayOpenConversation, type ContentTemplate } from './content';

/** The template that a message was made from, if it still exists. */
export function templateOf(core: Core, message: Message): ContentTemplate | undefined {
  return message.template && core.accounts.of(message).contents.get(message.template.contentSid);
}

/** Whether WhatsApp lets the message through: inside the 24-hour window, or as an approved template. */
export function mayBeSent(core: Core, message: Message): boolean {
  if (!core.enforceWindow || windowIsOpen(message.user, message.from ?? '', core.clock.now())) return true;
  const template = templateOf(core, message);
  return template !== undefined && mayOpenConversation(template);
}
