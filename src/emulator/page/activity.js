// The list of what went over the wire, newest first.

import { element, timeNode } from './dom.js';

const MOST_ENTRIES = 200;
const SECONDS = { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false };
const WAYS = {
  rest: ['REST', 'From the app to Twilio'],
  inbound: ['message', 'From Twilio to the app'],
  status: ['status', 'From Twilio to the app'],
};

const list = document.getElementById('activity');

export function clearActivity() {
  list.replaceChildren();
}

export function showRequest(request) {
  const [way, direction] = WAYS[request.kind];
  const bad = request.status === undefined || request.status >= 400;
  const summary = element(
    'summary',
    { className: bad ? 'bad' : '' },
    element('span', { className: `way ${request.kind}`, title: direction }, way),
    element('span', { className: 'what' }, summaryOf(request)),
    element('span', { className: 'code' }, String(request.status ?? 'no answer')),
    timeNode(request.at, SECONDS),
  );
  const parameters = Object.entries(request.parameters).map(([name, value]) => `${name}: ${value}`);
  const details = element('pre', {}, [`${request.method} ${request.url}`, ...parameters].join('\n'));
  prepend(element('li', {}, element('details', {}, summary, details)));
}

export function showAlert(alert) {
  prepend(element('li', { className: 'bad alert' }, `${alert.code}: ${alert.text}`));
}

/** What tells one entry from the others at a glance. */
function summaryOf({ kind, method, url, parameters }) {
  if (kind === 'status') return String(parameters.MessageStatus ?? '');
  if (kind === 'inbound') return String(parameters.Body || parameters.MessageType || '');
  const { pathname } = new URL(url, location.origin);
  return `${method} ${pathname.replace(/^\/2010-04-01\/Accounts\/\w+\//, '').replace(/\.json$/, '')}`;
}

function prepend(node) {
  list.prepend(node);
  while (list.childElementCount > MOST_ENTRIES) list.lastElementChild.remove();
}
