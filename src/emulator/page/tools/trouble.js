// What shall go wrong: with the app's REST calls, on the way to the phone, and with the status callbacks.

import { announce, post } from '../base/control.js';
import { find } from '../base/dom.js';
import { on, store } from '../base/store.js';
import { drawRates, showRates, wantedRates } from './rates.js';

const REST = {
  429: { status: 429, retryAfter: 3 },
  500: { status: 500 },
  503: { status: 503, html: true },
  reset: { connection: 'reset' },
  hang: { connection: 'hang' },
  'reset-after': { connection: 'reset', afterAccept: true },
  '500-after': { status: 500, afterAccept: true },
};

function wanted() {
  const rest = REST[find('fault-rest').value];
  const [errorCode, status] = find('fault-delivery').value.split(' ');
  const callbacks = find('fault-callbacks').value;
  return {
    ...(rest && { rest: { ...rest, times: Number(find('fault-rest-times').value) || 1 } }),
    ...(errorCode && {
      delivery: { errorCode: Number(errorCode), status, times: Number(find('fault-delivery-times').value) || 1 },
    }),
    ...(callbacks && { callbacks }),
    ...wantedRates(),
  };
}

function nameOfRest(fault) {
  const isSame = ({ status, connection, afterAccept }) =>
    fault.status === status && fault.connection === connection && Boolean(fault.afterAccept) === Boolean(afterAccept);
  return Object.keys(REST).find((name) => isSame(REST[name])) ?? '';
}

/** A number that someone is about to change, or has set for what they are about to choose, stays as it is. */
function setTimes(input, fault) {
  if (fault && document.activeElement !== input) input.value = String(fault.times);
}

function show() {
  const [rest, delivery] = [store.faults.rest, store.faults.delivery].map((list) => [list ?? []].flat()[0]);
  const { callbacks } = store.faults;
  find('fault-rest').value = rest ? nameOfRest(rest) : '';
  find('fault-delivery').value = delivery ? `${delivery.errorCode} ${delivery.status ?? 'failed'}` : '';
  find('fault-callbacks').value = callbacks ?? '';
  setTimes(find('fault-rest-times'), rest);
  setTimes(find('fault-delivery-times'), delivery);
  const count = [rest, delivery, callbacks].filter(Boolean).length + showRates();
  find('fault-count').textContent = count > 0 ? String(count) : '';
}

async function set() {
  await post('faults', wanted());
  announce('What goes wrong was changed');
}

export function startTrouble() {
  drawRates();
  on('state', show);
  on('faults', show);
  find('faults').addEventListener('change', set);
  find('faults').addEventListener('submit', (event) => event.preventDefault());
  find('all-well').addEventListener('click', () => post('faults', {}));
}
