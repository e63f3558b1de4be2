// The list of what went over the wire, newest first.

import { batched, find } from '../base/dom.js';
import { on, store } from '../base/store.js';
import { entryNode } from './entry.js';

const MOST_SHOWN = 200;
const list = find('traffic');
const search = find('traffic-search');
const kinds = find('traffic-kind');
let waiting = [];

function matches(request) {
  const kind = kinds.value;
  if (kind === 'webhooks' ? request.kind === 'rest' : kind !== 'all' && request.kind !== kind) return false;
  const words = search.value.trim().toLowerCase();
  return (
    words === '' || JSON.stringify([request.url, request.status, request.parameters]).toLowerCase().includes(words)
  );
}

const showSoon = batched(() => {
  const nodes = waiting.filter(matches).slice(-MOST_SHOWN).map(entryNode).toReversed();
  waiting = [];
  list.prepend(...nodes);
  while (list.childElementCount > MOST_SHOWN) list.lastElementChild.remove();
});

function showAll() {
  waiting = [];
  list.replaceChildren(...store.requests.filter(matches).slice(-MOST_SHOWN).map(entryNode).toReversed());
}

export function startTraffic() {
  on('state', showAll);
  on('request', (request) => {
    waiting.push(request);
    showSoon();
  });
  search.addEventListener('input', showAll);
  kinds.addEventListener('change', showAll);
  find('traffic-clear').addEventListener('click', () => {
    store.requests = [];
    showAll();
  });
}
