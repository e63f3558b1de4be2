// Where the user writes. Each phone keeps what was begun on it.

import { send } from '../base/control.js';
import { find } from '../base/dom.js';
import { on, store } from '../base/store.js';
import { quoteNothing, takeContext } from './context.js';

const text = find('text');
const drafts = new Map();
let draftOf;

/** With nothing written, the button records instead of sending. */
function showButton() {
  const isEmpty = text.value.trim() === '';
  find('send').hidden = isEmpty;
  find('record').hidden = !isEmpty;
}

function fit() {
  text.style.height = 'auto';
  text.style.height = `${text.scrollHeight}px`;
}

function write(value) {
  text.value = value;
  fit();
  showButton();
}

/** The text that was written, for whatever takes it along as its caption. */
export function takeText() {
  const value = text.value.trim();
  write('');
  return value;
}

export function startComposer() {
  find('composer').addEventListener('submit', (event) => {
    event.preventDefault();
    const body = takeText();
    if (body === '' || store.phone === null) return;
    send({ kind: 'text', text: body, ...takeContext() });
    text.focus();
  });
  text.addEventListener('input', () => {
    fit();
    showButton();
  });
  text.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') quoteNothing();
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    find('composer').requestSubmit();
  });
  on('choose', () => {
    const key = `${store.phone} ${store.sender}`;
    if (draftOf === key) return;
    if (draftOf !== undefined) drafts.set(draftOf, text.value);
    draftOf = key;
    write(drafts.get(key) ?? '');
  });
  showButton();
}
