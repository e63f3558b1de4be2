// What the phone that is shown does: whether it is on the network, and what its user lets others know.

import { post } from '../base/control.js';
import { find } from '../base/dom.js';
import { currentChat, currentUser, on, store } from '../base/store.js';
import { nameOf } from '../base/words.js';

const SWITCHES = {
  'phone-online': { name: 'online', isOn: (user) => user.online !== false },
  'phone-receipts': { name: 'readReceipts', isOn: (user) => user.readReceipts !== false },
  'phone-blocked': { name: 'blocked', isOn: (_user, chat) => chat?.blocked === true },
  'phone-opted-out': { name: 'optedOut', isOn: (_user, chat) => chat?.optedOut === true },
};

function show() {
  const user = currentUser();
  find('phone-switches').disabled = user === undefined;
  if (!user) return;
  find('switches-of').textContent = `${nameOf(user)}’s phone`;
  for (const [id, { isOn }] of Object.entries(SWITCHES)) find(id).checked = isOn(user, currentChat());
}

export function startPhoneSwitches() {
  on('choose', show);
  on('user', show);
  for (const [id, { name }] of Object.entries(SWITCHES)) {
    find(id).addEventListener('change', ({ target }) =>
      post('phones', { phone: store.phone, sender: store.sender, [name]: target.checked }),
    );
  }
}
