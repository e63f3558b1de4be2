// Which messages nobody has looked at yet.

import { store } from '../base/store.js';

const KEY = 'seen';
let seen = read();

function read() {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? '{}');
  } catch {
    return {};
  }
}

/** The chat that is open has been looked at up to its last message. */
export function markSeen() {
  const at = Math.max(0, ...ofChat(store.phone, store.sender).map((message) => message.at));
  seen = { ...seen, [keyOf(store.phone, store.sender)]: at };
  localStorage.setItem(KEY, JSON.stringify(seen));
}

/** A message that is `read` was seen wherever the user looked at it. */
export function unreadCount(phone, sender) {
  const from = seen[keyOf(phone, sender)] ?? -1;
  return ofChat(phone, sender).filter(
    ({ direction, status, at }) => direction === 'outbound' && status === 'delivered' && at > from,
  ).length;
}

const keyOf = (phone, sender) => `${phone} ${sender}`;

function ofChat(phone, sender) {
  return [...store.messages.values()].filter((message) => message.phone === phone && message.sender === sender);
}
