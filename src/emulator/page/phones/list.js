// The phones of all users, the one that was last in use on top.

import { batched, element, find, hidden } from '../base/dom.js';
import { showPane } from '../base/panes.js';
import { choose, on, store } from '../base/store.js';
import { dayOf, gist, nameOf, plain, sameDay, timeNode } from '../base/words.js';
import { now } from '../base/clock.js';
import { formatted } from '../chat/format.js';
import { avatar } from './avatar.js';
import { markSeen, unreadCounts } from './unread.js';

const MOST_SHOWN = 200;
const list = find('phones');

function lastMessages() {
  const last = new Map();
  for (const message of store.messages.values()) {
    if (message.sender === store.sender && message.kind !== 'reaction') last.set(message.phone, message);
  }
  return last;
}

function entry(user, message, unread) {
  const isCurrent = user.id === store.phone;
  const when = message && (sameDay(message.at, now()) ? timeNode(message.at) : element('time', {}, dayOf(message.at)));
  const words = message ? `${message.direction === 'inbound' ? 'You: ' : ''}${gist(message)}` : user.id;
  const button = element(
    'button',
    { type: 'button', 'data-phone': user.id, 'aria-current': isCurrent ? 'true' : undefined },
    avatar(nameOf(user)),
    element(
      'span',
      { className: 'lines' },
      element('span', { className: 'row' }, element('span', { className: 'name' }, nameOf(user)), when),
      element(
        'span',
        { className: 'row' },
        element('span', { className: 'preview' }, unmarked(words)),
        mark(user, unread),
      ),
    ),
  );
  return element('li', { className: unread > 0 ? 'has-unread' : '' }, button);
}

/** The words without the signs that format them. */
const unmarked = (text) => element('span', {}, ...formatted(text)).textContent;

function mark(user, unread) {
  if (unread > 0) return element('span', { className: 'unread' }, String(unread), hidden(' unread'));
  return user.online ? undefined : element('span', { className: 'offline' }, 'offline');
}

function show() {
  const hadFocus = list.contains(document.activeElement) ? document.activeElement.dataset.phone : undefined;
  const last = lastMessages();
  const users = [...store.users.values()]
    .toSorted((a, b) => (last.get(b.id)?.at ?? 0) - (last.get(a.id)?.at ?? 0))
    .slice(0, MOST_SHOWN);
  const counts = unreadCounts(store.sender);
  list.replaceChildren(...users.map((user) => entry(user, last.get(user.id), counts.get(user.id) ?? 0)));
  if (hadFocus) list.querySelector(`[data-phone="${CSS.escape(hadFocus)}"]`)?.focus();
  const unread = [...counts.values()].reduce((sum, count) => sum + count, 0);
  document.title = `${unread > 0 ? `(${unread}) ` : ''}Local Twilio: phone`;
  find('chats-unread').textContent = unread > 0 ? String(unread) : '';
}

function showSenders() {
  const select = find('sender');
  find('sender-row').hidden = store.senders.length < 2;
  select.replaceChildren(
    ...store.senders.map((sender) =>
      element('option', { value: sender, selected: sender === store.sender }, plain(sender)),
    ),
  );
}

export function startPhones() {
  const soon = batched(show);
  for (const name of ['state', 'user', 'message', 'remove', 'choose', 'clock']) on(name, soon);
  on('choose', showSenders);
  on('account', showSenders);
  on('seen', () => {
    markSeen();
    soon();
  });
  list.addEventListener('click', (event) => {
    const button = event.target.closest('button');
    if (!button) return;
    choose(button.dataset.phone);
    showPane('chat');
  });
  list.addEventListener('keydown', (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const buttons = [...list.querySelectorAll('button')];
    buttons[buttons.indexOf(document.activeElement) + step]?.focus();
  });
  find('sender').addEventListener('change', () => choose(store.phone, find('sender').value));
}
