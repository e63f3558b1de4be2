// On a narrow screen one pane is shown at a time: the phones, the chat, or the tools.

import { find } from './dom.js';

export function showPane(name) {
  document.body.dataset.pane = name;
  for (const button of document.querySelectorAll('#panes button')) {
    if (button.dataset.pane === name) button.setAttribute('aria-current', 'page');
    else button.removeAttribute('aria-current');
  }
}

export function startPanes() {
  find('panes').addEventListener('click', (event) => {
    const button = event.target.closest('button');
    if (button) showPane(button.dataset.pane);
  });
  find('back').addEventListener('click', () => {
    showPane('phones');
    find('phones').querySelector('[aria-current]')?.focus();
  });
  showPane('chat');
}
