// One message of the conversation.

import { element, hidden } from '../base/dom.js';
import { icon } from '../base/icons.js';
import { store } from '../base/store.js';
import { gist, timeNode } from '../base/words.js';
import { answersNode } from './answers.js';
import { formatted, isLarge } from './format.js';
import { mediaNode } from './media.js';
import { placeNode } from './place.js';
import { reactionTo, showReaction } from './reactions.js';
import { lossOf, updateSign } from './ticks.js';

function quoteNode(sid) {
  const quoted = store.messages.get(sid);
  if (!quoted) return undefined;
  const who = quoted.direction === 'inbound' ? 'You' : 'Business';
  const node = element(
    'button',
    { type: 'button', className: `quote ${quoted.direction === 'inbound' ? 'own' : ''}`, 'data-quotes': sid },
    element('strong', {}, who),
    element('span', {}, ...formatted(gist(quoted))),
  );
  return node;
}

function marks({ forwarded, template, sendAt, status }) {
  const notes = [];
  if (forwarded) {
    notes.push(note('forward', forwarded === 'frequently' ? 'Forwarded many times' : 'Forwarded'));
  }
  if (template) {
    const kind = template.approved ? 'Template' : 'Session content';
    const values = Object.entries(template.variables ?? {}).map(([name, value]) => `{{${name}}} ${value}`);
    const title = [template.contentSid, ...values].join('\n');
    notes.push(note('template', `${kind}${template.name ? ` · ${template.name}` : ''}`, title));
  }
  if (status === 'scheduled' && sendAt !== undefined) {
    notes.push(note('clock', `Goes out ${new Date(sendAt).toLocaleString()}`));
  }
  return notes;
}

const note = (name, text, title) => element('p', { className: 'note', title }, icon(name), text);

function textNode(message) {
  const { body, place } = message;
  // Twilio repeats the name of a place as the text.
  if (body === '' || body === place?.label) return undefined;
  if (isLarge(body)) return element('div', { className: 'text large' }, body);
  return element('div', { className: 'text' }, ...formatted(body), element('span', { className: 'room' }));
}

/** What makes a new bubble necessary; a status alone only changes the sign. */
export const contentOf = ({ body, media, place, buttons, status, error }) =>
  JSON.stringify([body, media, place, buttons, status === 'scheduled', error !== undefined]);

/** Brings sign, words and look up to date; the content stays. */
export function updateBubble(bubble, message) {
  const isMine = message.direction === 'inbound';
  const isHere = isMine || ['delivered', 'read'].includes(message.status);
  const loss = lossOf(message);
  const { classList } = bubble.node;
  classList.toggle('waiting', !isHere && loss === undefined);
  classList.toggle('lost', loss !== undefined);
  updateSign(bubble.sign, message);
  bubble.reason.textContent = loss ?? '';
  bubble.reason.hidden = loss === undefined;
  bubble.reason.title = message.error?.title ?? '';
}

export function createBubble(message) {
  const isMine = message.direction === 'inbound';
  const sign = element('span', { className: 'sign', role: 'img' });
  const reason = element('p', { className: 'reason' });
  const [media] = message.media;
  const isSticker = message.kind === 'sticker' || (media?.contentType === 'image/webp' && message.body === '');
  const menu = element(
    'button',
    {
      type: 'button',
      className: 'menu-button',
      tabIndex: -1,
      'aria-haspopup': 'menu',
      'aria-label': `Actions for: ${gist(message).slice(0, 80)}`,
    },
    icon('down'),
  );
  const node = element(
    'li',
    { className: `message ${isMine ? 'mine' : 'theirs'} ${isSticker ? 'is-sticker' : ''}`, 'data-sid': message.sid },
    hidden(isMine ? 'You: ' : 'Business: '),
    ...marks(message),
    message.replyTo && quoteNode(message.replyTo),
    ...message.media.map((one) => mediaNode(one, message)),
    message.place && placeNode(message.place),
    textNode(message),
    element('span', { className: 'meta' }, timeNode(message.at), sign),
    reason,
    answersNode(message),
    menu,
  );
  showReaction(node, reactionTo(message.sid));
  const bubble = { node, sign, reason, menu, content: contentOf(message), at: message.at, isMine };
  updateBubble(bubble, message);
  return bubble;
}
