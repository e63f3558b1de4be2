// What Twilio's debugger would show: webhooks that were answered wrongly, or not at all.

import { batched, element, find } from '../base/dom.js';
import { showPane } from '../base/panes.js';
import { on, store } from '../base/store.js';
import { timeNode, WITH_SECONDS } from '../base/words.js';
import { reveal } from '../chat/conversation.js';

const list = find('alerts');

function alertNode({ at, code, text, url, messageSid }) {
  const node = element(
    'li',
    {},
    element('p', { className: 'title' }, element('strong', {}, String(code)), ` ${text}`),
    element('p', { className: 'line' }, url),
    element('p', { className: 'line' }, timeNode(at, WITH_SECONDS), ` · ${messageSid ?? ''}`),
  );
  if (store.messages.has(messageSid)) {
    const button = element('button', { type: 'button' }, 'Show the message');
    button.addEventListener('click', () => {
      showPane('chat');
      reveal(messageSid);
    });
    node.append(button);
  }
  return node;
}

const show = batched(() => {
  list.replaceChildren(...store.alerts.map(alertNode).toReversed());
  find('alert-count').textContent = store.alerts.length > 0 ? String(store.alerts.length) : '';
});

export function startDebugger() {
  on('state', show);
  on('alert', show);
}
