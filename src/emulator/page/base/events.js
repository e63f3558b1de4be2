// The emulator's events: its whole state first, then everything that happens.

import { setNow } from './clock.js';
import { post } from './control.js';
import { choose, emit, store } from './store.js';

/** What the page remembers; beyond that the oldest go. */
const MOST_MESSAGES = 2000;
const MOST_USERS = 1000;
const MOST_REQUESTS = 300;
const MOST_PHONES = 50;
const RETRY_MS = 1000;

/** A new emulator knows nobody. The page brings the phones back that it showed before. */
function rememberedPhones() {
  try {
    return JSON.parse(localStorage.getItem('phones') ?? '[]');
  } catch {
    return [];
  }
}

function rememberPhones() {
  const phones = [...store.users.values()].slice(-MOST_PHONES).map(({ id, profileName }) => ({ id, profileName }));
  localStorage.setItem('phones', JSON.stringify(phones));
}

function bringPhonesBack() {
  const missing = rememberedPhones().filter(({ id }) => !store.users.has(id));
  for (const { id, profileName } of missing) post('phones', { phone: id, profileName: profileName ?? null });
  if (missing.length === 0 && store.users.size === 0) post('phones', { phone: '+15551230001', profileName: 'Ana' });
}

function keep(list, entry) {
  list.push(entry);
  if (list.length > MOST_REQUESTS) list.shift();
}

function forget(sid) {
  const message = store.messages.get(sid);
  store.messages.delete(sid);
  if (message) emit('remove', message);
}

const handlers = {
  state(state) {
    setNow(state.now);
    store.users = new Map(state.users.map((user) => [user.id, user]));
    store.messages = new Map(state.messages.map((message) => [message.sid, message]));
    store.requests = state.requests;
    store.alerts = state.alerts;
    store.faults = state.faults;
    store.accounts = state.accounts;
    store.senders = sendersOf(state.accounts);
    emit('state');
    bringPhonesBack();
    const [first] = store.users.keys();
    const phone = store.users.has(store.phone) ? store.phone : first;
    const sender = store.senders.includes(store.sender) ? store.sender : state.sender;
    if (phone !== undefined) choose(phone, sender);
    else store.sender = sender;
  },
  user(user) {
    store.users.set(user.id, user);
    const oldest = [...store.users.keys()].find((id) => id !== store.phone);
    if (store.users.size > MOST_USERS) store.users.delete(oldest);
    rememberPhones();
    if (!store.users.has(store.phone)) choose(user.id);
    emit('user', user);
  },
  message(message) {
    const before = store.messages.get(message.sid);
    store.messages.set(message.sid, message);
    emit('message', { message, before });
    const [oldest] = store.messages.keys();
    if (store.messages.size > MOST_MESSAGES) forget(oldest);
  },
  remove: ({ sid }) => forget(sid),
  request(request) {
    keep(store.requests, request);
    emit('request', request);
  },
  alert(alert) {
    keep(store.alerts, alert);
    emit('alert', alert);
  },
  faults(faults) {
    store.faults = faults;
    emit('faults');
  },
  account(account) {
    const others = store.accounts.filter(({ sid }) => sid !== account.sid);
    store.accounts = [...others, account];
    store.senders = sendersOf(store.accounts);
    emit('account');
  },
  clock({ now }) {
    setNow(now);
    emit('clock');
  },
  typing: (typing) => emit('typing', typing),
};

const sendersOf = (accounts) => [...new Set(accounts.flatMap(({ senders }) => senders.map(({ address }) => address)))];

/** Connects, and again whenever the connection ends. */
export function connect() {
  const source = new EventSource('/_emulator/events');
  for (const [name, handle] of Object.entries(handlers)) {
    source.addEventListener(name, (event) => handle(JSON.parse(event.data)));
  }
  source.addEventListener('open', () => emit('connection', true));
  source.addEventListener('error', () => {
    emit('connection', false);
    // Where the answer was no stream at all, the browser does not try again by itself.
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, RETRY_MS);
  });
}
