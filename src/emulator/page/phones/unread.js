// Which messages nobody has looked at yet.

import { now } from '../base/clock.js';
import { isHere, store } from '../base/store.js';

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
  const here = [...store.messages.values()].filter(isHere);
  seen = { ...seen, [keyOf(store.phone, store.sender)]: Math.max(0, ...here.map(({ at }) => at)) };
  localStorage.setItem(KEY, JSON.stringify(seen));
}

/** How many are waiting, by phone. A message that is `read` was seen wherever the user looked at it. */
export function unreadCounts(sender) {
  const counts = new Map();
  for (const message of store.messages.values()) {
    const isWaiting = message.sender === sender && message.direction === 'outbound' && message.status === 'delivered';
    if (isWaiting && message.at > seenUntil(message)) counts.set(message.phone, (counts.get(message.phone) ?? 0) + 1);
  }
  return counts;
}

/** What was seen by a clock that had been moved ahead says nothing to an emulator that was started anew. */
function seenUntil({ phone, sender }) {
  const at = seen[keyOf(phone, sender)] ?? -1;
  return at > now() ? -1 : at;
}

const keyOf = (phone, sender) => `${phone} ${sender}`;
