// Where Twilio sends what the phones write.

import { announce, post } from '../base/control.js';
import { find } from '../base/dom.js';
import { on, store, webhookHere } from '../base/store.js';

function show() {
  const { url, statusCallback } = webhookHere();
  find('webhook').textContent =
    url === undefined ? 'No webhook is set: what the phones write goes nowhere.' : `Messages go to ${url}`;
  for (const [id, value] of [
    ['webhook-url', url],
    ['webhook-status', statusCallback],
  ]) {
    if (document.activeElement !== find(id)) find(id).value = value ?? '';
  }
}

export function startWebhook() {
  for (const name of ['state', 'account', 'choose']) on(name, show);
  find('webhook-form').addEventListener('submit', async (event) => {
    event.preventDefault();
    const statusCallback = find('webhook-status').value || null;
    if (await post('webhook', { sender: store.sender, url: find('webhook-url').value, statusCallback }))
      announce('The webhook was set');
  });
}
