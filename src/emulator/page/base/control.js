// Commands to the emulator.

import { element, find } from './dom.js';
import { store } from './store.js';

const SHOWN_MS = 12_000;
let hiding;

/** Says what went wrong, for a while. */
export function complain(text) {
  const problem = find('problem');
  problem.replaceChildren(element('span', {}, text));
  clearTimeout(hiding);
  hiding = setTimeout(() => problem.replaceChildren(), SHOWN_MS);
}

/** Says that something worked, to those who do not see it. */
export function announce(text) {
  find('announcement').textContent = text;
}

/** Resolves with the answer, or with `undefined` when there is a problem, which is shown. */
export async function post(path, body) {
  try {
    const response = await fetch(`/_emulator/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const answer = response.status === 204 ? {} : await response.json();
    if (!response.ok) throw new Error(answer.error ?? `The emulator answered ${response.status}`);
    for (const alert of answer.alerts ?? []) complain(`${alert.code}: ${alert.text}`);
    return answer;
  } catch (error) {
    complain(error instanceof TypeError ? 'The emulator does not answer.' : error.message);
    return undefined;
  }
}

/** Sends something from the phone that is shown, to the sender whose chat is open. */
export const send = (fields) => post('messages', { phone: store.phone, sender: store.sender, ...fields });
