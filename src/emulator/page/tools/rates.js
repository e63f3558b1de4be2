// What goes wrong by chance, in percent, until it is changed.

import { element, find } from '../base/dom.js';
import { store } from '../base/store.js';

const RATES = [
  ['429', 'REST calls: 429'],
  ['500', 'REST calls: 500'],
  ['503', 'REST calls: 503'],
  ['reset', 'REST calls: connection reset'],
  ['resetAfterAccept', '… though the message was made'],
  ['timeout', 'REST calls: no answer'],
  ['timeoutAfterAccept', '… though the message was made'],
  ['errorAfterAccept', 'REST calls: 500, though the message was made'],
  ['slow', 'REST calls: slow'],
  ['mediaMissing', 'Files: not there yet'],
  ['failed', 'Messages: failed'],
  ['undelivered', 'Messages: undelivered'],
  ['callbackLost', 'Callbacks: lost'],
  ['callbackRepeated', 'Callbacks: repeated'],
  ['callbackShuffled', 'Callbacks: out of order'],
  ['callbackDelayed', 'Callbacks: late'],
  ['inboundRepeated', 'Messages to the app: repeated'],
];
const inputs = new Map();

export function drawRates() {
  for (const [name, words] of RATES) {
    const input = element('input', { type: 'number', min: 0, max: 100, step: 'any', value: 0 });
    inputs.set(name, input);
    find('rates').append(element('label', {}, words, element('span', {}, input, ' %')));
  }
}

/** Every rate that is not nought. */
export function wantedRates() {
  const entries = [...inputs].map(([name, input]) => [name, Number(input.value) / 100]).filter(([, rate]) => rate > 0);
  return entries.length > 0 ? { rates: Object.fromEntries(entries), retryAfter: 1 } : {};
}

/** @returns how many there are. */
export function showRates() {
  const rates = store.faults.rates ?? {};
  for (const [name, input] of inputs) {
    if (document.activeElement !== input) input.value = String(Number(((rates[name] ?? 0) * 100).toFixed(4)));
  }
  return Object.values(rates).filter((rate) => rate > 0).length;
}
