// The conversation of one phone with one sender: its bubbles, in order, under the day they are of.

import { post } from '../base/control.js';
import { batched, element, find } from '../base/dom.js';
import { currentUser, emit, isHere, messagesHere, on, store } from '../base/store.js';
import { dayOf, sameDay } from '../base/words.js';
import { contentOf, createBubble, updateBubble } from './bubble.js';
import { reactionTo, showReaction } from './reactions.js';

const chat = find('chat');
const scroller = find('scroller');
const jump = find('jump');
const bubbles = new Map();
let last;

export const bubbleOf = (sid) => bubbles.get(sid);

function showMessage(message) {
  if (!isHere(message)) return;
  if (message.kind === 'reaction') {
    const target = bubbles.get(message.replyTo);
    if (target) showReaction(target.node, reactionTo(message.replyTo));
    return;
  }
  const known = bubbles.get(message.sid);
  if (known?.content === contentOf(message)) {
    updateBubble(known, message);
    return;
  }
  const bubble = createBubble(message);
  bubbles.set(message.sid, bubble);
  if (known) replace(known, bubble);
  else append(bubble);
}

function replace(known, bubble) {
  bubble.node.classList.toggle('first', known.node.classList.contains('first'));
  if (last === known) last = bubble;
  known.node.replaceWith(bubble.node);
}

function append(bubble) {
  const isNewDay = !last || !sameDay(last.at, bubble.at);
  if (isNewDay)
    chat.append(
      element('li', { className: 'day', 'data-at': String(bubble.at) }, element('span', {}, dayOf(bubble.at))),
    );
  bubble.node.classList.toggle('first', isNewDay || last.isMine !== bubble.isMine);
  chat.append(bubble.node);
  last = bubble;
}

/** The scroller is laid out from its end, which is at 0; there it stays while something is added or grows. */
export function scrollToEnd() {
  scroller.scrollTop = 0;
}

/** Brings a message into sight and lets it glow for a moment. */
export function reveal(sid) {
  const bubble = bubbles.get(sid);
  if (!bubble) return false;
  bubble.node.scrollIntoView({ block: 'center' });
  bubble.node.classList.remove('glows');
  requestAnimationFrame(() => bubble.node.classList.add('glows'));
  return true;
}

function showChat() {
  bubbles.clear();
  last = undefined;
  chat.replaceChildren();
  // A conversation that is opened is not read out from its beginning; what comes later is.
  scroller.setAttribute('aria-live', 'off');
  for (const message of messagesHere()) showMessage(message);
  scrollToEnd();
  requestAnimationFrame(() => scroller.setAttribute('aria-live', 'polite'));
  markRead();
}

const isWaiting = ({ direction, status }) => direction === 'outbound' && status === 'delivered';

/** Whoever looks at a chat has read it. */
const markRead = batched(() => {
  if (document.visibilityState !== 'visible' || store.phone === null) return;
  emit('seen');
  if (currentUser()?.readReceipts !== false && messagesHere().some(isWaiting)) {
    post('read', { phone: store.phone, sender: store.sender });
  }
});

/** Yesterday is a matter of the clock. */
function showDays() {
  for (const day of chat.querySelectorAll('.day')) day.firstChild.textContent = dayOf(Number(day.dataset.at));
}

export function startConversation() {
  on('clock', showDays);
  on('choose', showChat);
  on('message', ({ message, before }) => {
    showMessage(message);
    if (!isHere(message)) return;
    if (!before && message.direction === 'inbound' && message.kind !== 'reaction') scrollToEnd();
    if (message.status === 'delivered' && before?.status !== 'delivered') markRead();
  });
  on('remove', ({ sid }) => {
    bubbles.get(sid)?.node.remove();
    bubbles.delete(sid);
  });
  document.addEventListener('visibilitychange', markRead);
  chat.addEventListener('click', (event) => {
    const quote = event.target.closest('[data-quotes]');
    if (quote) reveal(quote.dataset.quotes);
  });
  scroller.addEventListener('scroll', () => (jump.hidden = scroller.scrollTop > -120));
  jump.addEventListener('click', scrollToEnd);
}
