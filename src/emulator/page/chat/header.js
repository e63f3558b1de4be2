// Who one writes to, whether they are typing, and how long the 24-hour window stays open.

import { now } from '../base/clock.js';
import { find } from '../base/dom.js';
import { currentChat, currentUser, isHere, on, store } from '../base/store.js';
import { countdown, nameOf, plain } from '../base/words.js';

/** WhatsApp shows that someone types for this long at most. */
const TYPING_SHOWN_MS = 25_000;
const WINDOW_MS = 24 * 3_600_000;
const presence = find('presence');
const timer = find('window');
let typingEnds;
let isConnected = false;

function showPresence() {
  const user = currentUser();
  if (!isConnected) presence.textContent = 'the emulator does not answer; trying again…';
  else if (user?.online === false) presence.textContent = 'your phone is off the network';
  else presence.textContent = 'online';
  find('typing').hidden = true;
}

function showTyping() {
  presence.textContent = 'typing…';
  find('typing').hidden = false;
  clearTimeout(typingEnds);
  typingEnds = setTimeout(showPresence, TYPING_SHOWN_MS);
}

function showWindow() {
  const closesAt = currentChat()?.windowClosesAt ?? null;
  const left = closesAt === null ? 0 : closesAt - now();
  const isOpen = left > 0;
  timer.classList.toggle('closed', !isOpen);
  timer.classList.toggle('soon', isOpen && left < 3_600_000);
  timer.style.setProperty('--left', String(Math.min(1, Math.max(0, left / WINDOW_MS))));
  find('window-text').textContent = isOpen ? countdown(left) : 'closed';
  timer.title = isOpen
    ? 'How long the app may write anything. After that, only approved templates get through.'
    : 'The user has not written for 24 hours: only approved templates get through.';
}

function showWho() {
  const user = currentUser();
  find('business').textContent = plain(store.sender ?? '');
  find('whose').textContent = user ? `on ${nameOf(user)}’s phone` : '';
  showPresence();
  showWindow();
}

export function startHeader() {
  on('choose', showWho);
  on('user', showWho);
  on('clock', showWindow);
  on('connection', (is) => {
    isConnected = is;
    showPresence();
  });
  on('typing', ({ phone, sender }) => {
    if (phone === store.phone && (sender ?? store.sender) === store.sender) showTyping();
  });
  on('message', ({ message }) => {
    if (message.direction === 'outbound' && isHere(message)) {
      clearTimeout(typingEnds);
      showPresence();
    }
  });
  setInterval(showWindow, 1000);
}
