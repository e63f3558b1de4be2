// Reactions: messages of their own for Twilio, a badge on another message for people.

import { element } from '../base/dom.js';
import { store } from '../base/store.js';

/** The emoji that a user has put on each message last; an empty one took it back. */
export function reactionTo(sid) {
  let emoji = '';
  for (const message of store.messages.values()) {
    if (message.kind === 'reaction' && message.replyTo === sid) emoji = message.body;
  }
  return emoji;
}

export function showReaction(node, emoji) {
  node.querySelector('.reaction')?.remove();
  node.classList.toggle('has-reaction', emoji !== '');
  if (emoji === '') return;
  const badge = element('span', { className: 'reaction', role: 'img', 'aria-label': `Reaction: ${emoji}` }, emoji);
  node.append(badge);
}
