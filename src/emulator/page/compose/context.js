// What the next message answers: the message that it will quote.

import { element, find } from '../base/dom.js';
import { on, store } from '../base/store.js';
import { gist } from '../base/words.js';

let quoted;

function show() {
  const bar = find('quoting');
  bar.hidden = quoted === undefined;
  if (!quoted) return;
  find('quoted').replaceChildren(
    element('strong', {}, quoted.direction === 'inbound' ? 'You' : 'Business'),
    element('span', {}, gist(quoted)),
  );
}

export function quote(message) {
  quoted = message;
  show();
  find('text').focus();
}

export function quoteNothing() {
  quoted = undefined;
  show();
}

/** What to send along with the message, once. */
export function takeContext() {
  const context = quoted && store.messages.has(quoted.sid) ? { replyTo: quoted.sid } : {};
  quoteNothing();
  return context;
}

export function startContext() {
  find('quote-nothing').addEventListener('click', () => {
    quoteNothing();
    find('text').focus();
  });
  on('choose', quoteNothing);
}
