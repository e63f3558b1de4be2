// Where Twilio sends what the phones write.

import { announce, post } from '../base/control.js';
import { find } from '../base/dom.js';
import { on, store } from '../base/store.js';

function show() {
  const url = store.webhook?.url;
  find('webhook').textContent =
    url === undefined ? 'No webhook is set: what the phones write goes nowhere.' : `Messages go to ${url}`;
  for (const [id, value] of [
    ['webhook-url', url],
    ['webhook-status', store.webhook?.statusCallback],
  ]) {
    if (document.activeElement !== find(id)) find(id).value = value ?? '';
  }
}

export function startWebhook() {
  on('state', show);
  on('webhook', show);
  find('webhook-form').addEventListener('submit', async (event) => {
    event.preventDefault();
    const statusCallback = find('webhook-status').value || null;
    if (await post('webhook', { url: find('webhook-url').value, statusCallback })) announce('The webhook was set');
  });
}
