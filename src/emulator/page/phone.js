// The phone page: shows what the emulator says over server-sent events, and sends what the user does. Everything that
// came from outside is put on the page as text, never as HTML.

import { clearActivity, showAlert, showRequest } from './activity.js';
import { contentOf, createBubble, updateBubble } from './bubble.js';
import { element } from './dom.js';

const find = (id) => document.getElementById(id);
const chat = find('chat');
const scroller = find('scroller');
const userSelect = find('users');
const text = find('text');

const CURRENT = 'phone';
const LARGEST_IMAGE = 5 * 1024 * 1024;
const state = {
  users: new Map(),
  messages: new Map(),
  unread: new Map(),
  current: localStorage.getItem(CURRENT),
};
const bubbles = new Map();

async function post(path, body) {
  try {
    const response = await fetch(`/_emulator/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const answer = response.status === 204 ? {} : await response.json();
    if (!response.ok) throw new Error(answer.error ?? `The emulator answered ${response.status}`);
    for (const alert of answer.alerts ?? []) find('problem').textContent = `${alert.code}: ${alert.text}`;
  } catch (error) {
    find('problem').textContent = error instanceof Error ? error.message : String(error);
  }
}

function send(fields) {
  find('problem').textContent = '';
  return post('messages', { phone: state.current, ...fields });
}

// --- messages ---------------------------------------------------------------------------------------------------

function showMessage(message) {
  if (message.phone !== state.current) return;
  const known = bubbles.get(message.sid);
  if (known?.content === contentOf(message)) {
    updateBubble(known, message);
  } else {
    const bubble = createBubble(message, state.messages.get(message.replyTo), send);
    bubbles.set(message.sid, bubble);
    if (known) known.node.replaceWith(bubble.node);
    else chat.append(bubble.node);
  }
}

/** The scroller is laid out from its end, which is at 0; there it stays while something is added or grows. */
function scrollToEnd() {
  scroller.scrollTop = 0;
}

function showChat() {
  bubbles.clear();
  chat.replaceChildren();
  // A conversation that is opened is not read out from its beginning; what comes later is.
  scroller.setAttribute('aria-live', 'off');
  for (const message of state.messages.values()) showMessage(message);
  scrollToEnd();
  requestAnimationFrame(() => scroller.setAttribute('aria-live', 'polite'));
  markRead();
}

function markRead() {
  if (document.visibilityState !== 'visible' || state.current === null) return;
  state.unread.delete(state.current);
  showUsers();
  const waiting = [...state.messages.values()].some(
    (message) => message.phone === state.current && message.direction === 'outbound' && message.status === 'delivered',
  );
  if (waiting) post('read', { phone: state.current });
}

// --- users ------------------------------------------------------------------------------------------------------

function showUsers() {
  userSelect.replaceChildren(
    ...[...state.users.values()].map((user) => {
      const unread = state.unread.get(user.id) ?? 0;
      const name = user.profileName ? `${user.profileName} (${user.id})` : user.id;
      return element(
        'option',
        { value: user.id, selected: user.id === state.current },
        unread ? `${name} · ${unread} new` : name,
      );
    }),
  );
}

function choose(id) {
  state.current = id;
  localStorage.setItem(CURRENT, id);
  showUsers();
  showChat();
}

// --- events -----------------------------------------------------------------------------------------------------

/** WhatsApp shows that someone types for this long at most. */
const TYPING_SHOWN_MS = 25_000;
let typingEnds;

const on = {
  state(next) {
    state.users = new Map(next.users.map((user) => [user.id, user]));
    state.messages = new Map(next.messages.map((message) => [message.sid, message]));
    find('business').textContent = next.sender.replace('whatsapp:', '');
    find('presence').textContent = 'online';
    find('webhook').textContent = next.webhook === null ? 'No webhook is set.' : `Messages go to ${next.webhook.url}`;
    clearActivity();
    next.requests.forEach(showRequest);
    next.alerts.forEach(showAlert);
    if (state.users.size === 0) post('phones', { phone: '+15551230001', profileName: 'Ana' });
    else choose(state.users.has(state.current) ? state.current : next.users[0].id);
  },
  user(user) {
    state.users.set(user.id, user);
    if (state.current === null || !state.users.has(state.current)) choose(user.id);
    else showUsers();
  },
  message(message) {
    const arrived = message.status === 'delivered' && state.messages.get(message.sid)?.status !== 'delivered';
    const isNew = !state.messages.has(message.sid);
    state.messages.set(message.sid, message);
    showMessage(message);
    if (isNew && message.direction === 'inbound') scrollToEnd();
    if (message.direction === 'outbound' && message.phone === state.current) find('presence').textContent = 'online';
    if (!arrived || message.direction === 'inbound') return;
    state.unread.set(message.phone, (state.unread.get(message.phone) ?? 0) + 1);
    if (message.phone === state.current) markRead();
    else showUsers();
  },
  remove({ sid }) {
    state.messages.delete(sid);
    bubbles.get(sid)?.node.remove();
    bubbles.delete(sid);
  },
  typing({ phone }) {
    if (phone !== state.current) return;
    find('presence').textContent = 'typing…';
    clearTimeout(typingEnds);
    typingEnds = setTimeout(() => (find('presence').textContent = 'online'), TYPING_SHOWN_MS);
  },
  request: showRequest,
  alert: showAlert,
};

const source = new EventSource('/_emulator/events');
for (const [name, handle] of Object.entries(on)) {
  source.addEventListener(name, (event) => handle(JSON.parse(event.data)));
}
source.addEventListener('error', () => {
  find('presence').textContent = 'the emulator does not answer; trying again…';
});

// --- what the user does -----------------------------------------------------------------------------------------

find('composer').addEventListener('submit', (event) => {
  event.preventDefault();
  const body = text.value.trim();
  if (body === '' || state.current === null) return;
  text.value = '';
  send({ kind: 'text', text: body });
});
text.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  find('composer').requestSubmit();
});

find('attach-image').addEventListener('click', () => find('image').click());
find('image').addEventListener('change', async () => {
  const [file] = find('image').files;
  find('image').value = '';
  if (file === undefined) return;
  if (file.size > LARGEST_IMAGE) {
    find('problem').textContent = 'WhatsApp takes images of up to 5 MB.';
    return;
  }
  const reader = new FileReader();
  reader.addEventListener('load', () => {
    const data = String(reader.result).split(',')[1] ?? '';
    send({ kind: 'image', data, contentType: file.type, caption: text.value.trim() });
    text.value = '';
  });
  reader.readAsDataURL(file);
});

find('attach-location').addEventListener('click', () => find('place-dialog').showModal());
find('place-form').addEventListener('submit', () => {
  send({
    kind: 'location',
    latitude: Number(find('latitude').value),
    longitude: Number(find('longitude').value),
    label: find('label').value || null,
    address: find('address').value || null,
  });
});

find('add-user').addEventListener('click', () => find('user-dialog').showModal());
find('user-form').addEventListener('submit', async () => {
  const phone = find('user-phone').value;
  await post('phones', { phone, profileName: find('user-name').value || null });
  choose(phone);
});
for (const button of document.querySelectorAll('[data-close]')) {
  button.addEventListener('click', () => button.closest('dialog').close());
}

userSelect.addEventListener('change', () => choose(userSelect.value));
document.addEventListener('visibilitychange', markRead);
