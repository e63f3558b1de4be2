// The emulator's clock, which can be moved ahead without waiting.

import { now } from '../base/clock.js';
import { announce, post } from '../base/control.js';
import { find } from '../base/dom.js';
import { on } from '../base/store.js';

const FORMAT = {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
};

function show() {
  const time = new Date(now());
  const node = find('emulator-time');
  node.dateTime = time.toISOString();
  node.textContent = time.toLocaleString([], FORMAT);
  const hours = (now() - Date.now()) / 3_600_000;
  find('time-ahead').textContent =
    Math.abs(hours) < 0.02 ? 'as on this machine' : `${Number(hours.toFixed(1))} h ahead of this machine`;
}

async function advance(by) {
  const answer = await post('clock', { advance: by });
  if (answer) announce(`The clock was moved by ${by}`);
}

export function startTime() {
  for (const button of document.querySelectorAll('[data-advance]')) {
    button.addEventListener('click', () => advance(button.dataset.advance));
  }
  find('advance-form').addEventListener('submit', (event) => {
    event.preventDefault();
    advance(find('advance-by').value.trim());
  });
  on('state', show);
  on('clock', show);
  setInterval(show, 1000);
}
