// Another user with a phone.

import { post } from '../base/control.js';
import { find } from '../base/dom.js';
import { showPane } from '../base/panes.js';
import { choose, store } from '../base/store.js';

/** The next number after those that are there, so that one can add users without thinking of numbers. */
function freeNumber() {
  for (let number = 15551230001; ; number++) {
    if (!store.users.has(`+${number}`)) return `+${number}`;
  }
}

export function startUserDialog() {
  find('add-user').addEventListener('click', () => {
    find('user-phone').value = freeNumber();
    find('user-name').value = '';
    find('user-dialog').showModal();
    find('user-name').focus();
  });
  find('user-form').addEventListener('submit', async () => {
    const answer = await post('phones', {
      phone: find('user-phone').value,
      profileName: find('user-name').value || null,
    });
    if (!answer) return;
    choose(answer.phone);
    showPane('chat');
  });
}
