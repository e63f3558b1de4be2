import { parseAddress } from '../../whatsapp-twilio/messages/address';
import type { Core } from '../core';
import type { Message } from '../message';
import { createOutbound, senderOf } from '../outbound';
import { chatOf } from '../phone/user';
import type { TwimlMessage, TwimlProblem } from './twiml';

const MOST_REPLIES = 15;
const LIMIT_MS = 30_000;

/**
 * Makes the message that TwiML asks for; nothing where there is nothing to say or nobody to say it to. More than 15
 * replies to one user in 30 s are taken for a loop.
 *
 * @see https://www.twilio.com/docs/api/errors/14107
 */
export function replyTo(core: Core, message: Message, verb: TwimlMessage): Message | TwimlProblem | undefined {
  const account = core.accounts.of(message);
  const to = parseAddress(verb.to ?? message.user.id);
  if (!to || (verb.body === '' && verb.mediaUrls.length === 0)) return undefined;
  const sender = verb.from === undefined ? senderOf(core, message) : account.senders.get(verb.from);
  if (!sender) return { code: 63007, text: 'Twilio could not find a Channel with the specified From address' };
  const user = core.users.find(to) ?? core.users.obtain(to);
  const chat = chatOf(user, sender.address);
  const now = core.clock.now();
  chat.repliedAt = chat.repliedAt.filter((time) => now - time < LIMIT_MS);
  if (chat.repliedAt.length >= MOST_REPLIES)
    return { code: 14107, text: 'Message rate limit exceeded: too many replies' };
  chat.repliedAt.push(now);
  return createOutbound(core, {
    direction: 'outbound-reply',
    account,
    sender,
    user,
    to: verb.to ?? `whatsapp:${to.value}`,
    body: verb.body,
    mediaUrls: verb.mediaUrls,
    statusCallback: verb.statusCallback,
  });
}
