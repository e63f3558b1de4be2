// What one can do with a message: answer it, react to it, forward it, copy it.

import { announce, send } from '../base/control.js';
import { element, find } from '../base/dom.js';
import { icon } from '../base/icons.js';
import { hasArrived, store } from '../base/store.js';
import { copyText } from '../base/clipboard.js';
import { askToForward } from '../compose/forward.js';
import { quote } from '../compose/context.js';
import { bubbleOf } from './conversation.js';
import { reactionTo } from './reactions.js';

const QUICK = ['👍', '❤️', '😂', '😮', '😢', '🙏'];
const NAMES = ['Thumbs up', 'Heart', 'Laughing', 'Surprised', 'Crying', 'Thanks'];
const menu = find('message-menu');
const chat = find('chat');
let opener;

function itemsFor(message) {
  const items = [];
  if (hasArrived(message))
    items.push(['reply', 'Reply', () => quote(message)], ['forward', 'Forward', () => askToForward(message)]);
  if (message.body !== '') items.push(['copy', 'Copy text', () => copy(message.body, 'The text was copied')]);
  items.push(['copy', 'Copy SID', () => copy(message.sid, 'The SID was copied')]);
  return items;
}

async function copy(text, words) {
  await copyText(text);
  announce(words);
}

function open(button) {
  const message = store.messages.get(button.closest('.message').dataset.sid);
  if (!message) return;
  opener = button;
  const own = reactionTo(message.sid);
  const reactions = QUICK.map((emoji, index) => {
    const isChosen = emoji === own;
    const node = element(
      'button',
      {
        type: 'button',
        role: 'menuitemradio',
        'aria-checked': String(isChosen),
        'aria-label': NAMES[index],
        tabIndex: -1,
      },
      emoji,
    );
    node.addEventListener('click', () => send({ kind: 'reaction', emoji: isChosen ? '' : emoji, to: message.sid }));
    return node;
  });
  const items = itemsFor(message).map(([name, text, act]) => {
    const node = element('button', { type: 'button', role: 'menuitem', tabIndex: -1 }, icon(name), text);
    node.addEventListener('click', () => act());
    return node;
  });
  const row = hasArrived(message)
    ? element('div', { className: 'quick', role: 'group', 'aria-label': 'React' }, ...reactions)
    : undefined;
  menu.replaceChildren(...[row, ...items].filter(Boolean));
  menu.showPopover();
  place(button);
  menu.querySelector('button').focus();
}

/** Beside its button, and inside of the window. */
function place(button) {
  const from = button.getBoundingClientRect();
  const { offsetWidth, offsetHeight } = menu;
  const left = Math.min(Math.max(8, from.right - offsetWidth), innerWidth - offsetWidth - 8);
  const below = from.bottom + 4;
  const top = below + offsetHeight > innerHeight - 8 ? Math.max(8, from.top - offsetHeight - 4) : below;
  menu.style.left = `${left}px`;
  menu.style.top = `${top}px`;
}

function move(step) {
  const items = [...menu.querySelectorAll('button')];
  const at = items.indexOf(document.activeElement);
  items[(at + step + items.length) % items.length]?.focus();
}

const MENU_KEYS = {
  ArrowDown: () => move(1),
  ArrowRight: () => move(1),
  ArrowUp: () => move(-1),
  ArrowLeft: () => move(-1),
  Tab: () => menu.hidePopover(),
};

/** One stop of the Tab key for all messages; the arrow keys go from one to the next. */
function rove(step) {
  const buttons = [...chat.querySelectorAll('.menu-button')];
  const at = buttons.indexOf(document.activeElement);
  const next = buttons[Math.min(Math.max(0, at + step), buttons.length - 1)];
  makeStop(next);
  next?.focus();
}

function makeStop(button) {
  if (!button) return;
  for (const other of chat.querySelectorAll('.menu-button[tabindex="0"]')) other.tabIndex = -1;
  button.tabIndex = 0;
}

export function startActions() {
  chat.addEventListener('click', (event) => {
    const button = event.target.closest('.menu-button');
    if (button) open(button);
  });
  chat.addEventListener('contextmenu', (event) => {
    const node = event.target.closest('.message');
    if (!node || getSelection()?.isCollapsed === false) return;
    event.preventDefault();
    open(node.querySelector('.menu-button'));
  });
  chat.addEventListener('focusin', (event) => {
    if (event.target.matches('.menu-button')) makeStop(event.target);
  });
  chat.addEventListener('keydown', (event) => {
    if (!event.target.matches('.menu-button') || !['ArrowUp', 'ArrowDown'].includes(event.key)) return;
    event.preventDefault();
    rove(event.key === 'ArrowUp' ? -1 : 1);
  });
  new MutationObserver(() => {
    if (!chat.querySelector('.menu-button[tabindex="0"]')) makeStop([...chat.querySelectorAll('.menu-button')].at(-1));
  }).observe(chat, { childList: true });
  menu.addEventListener('keydown', (event) => {
    const act = MENU_KEYS[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  // What an item does comes first: it may move the focus elsewhere.
  menu.addEventListener('click', (event) => {
    if (event.target.closest('button')) menu.hidePopover();
  });
  menu.addEventListener('toggle', (event) => {
    if (event.newState === 'closed' && document.activeElement === document.body) opener?.focus();
  });
}

/** Opens the actions of a message that was found elsewhere. */
export const focusOn = (sid) => bubbleOf(sid)?.menu.focus();
