// One request in the list: a line that opens to all that was said.

import { copyText } from '../base/clipboard.js';
import { announce } from '../base/control.js';
import { element } from '../base/dom.js';
import { icon } from '../base/icons.js';
import { timeNode, WITH_SECONDS } from '../base/words.js';
import { asCurl } from './curl.js';

const WAYS = {
  rest: ['REST', 'From the app to Twilio'],
  inbound: ['message', 'From Twilio to the app'],
  status: ['status', 'From Twilio to the app'],
  debugger: ['debugger', 'From Twilio to the app'],
};

export function entryNode(request) {
  const [way, direction] = WAYS[request.kind] ?? [request.kind, ''];
  const bad = request.status === undefined || request.status >= 400;
  const summary = element(
    'summary',
    { className: bad ? 'bad' : '' },
    element('span', { className: `way ${request.kind}`, title: direction }, way),
    element('span', { className: 'what' }, summaryOf(request)),
    element('span', { className: 'code' }, String(request.status ?? 'no answer')),
    timeNode(request.at, WITH_SECONDS),
  );
  const details = element('details', {}, summary);
  // Most are never opened, so what is in them is made when they are.
  details.addEventListener('toggle', () => details.open && fill(details, request), { once: true });
  return element('li', { 'data-kind': request.kind }, details);
}

/** What tells one entry from the others at a glance. */
export function summaryOf({ kind, method, url, parameters }) {
  if (kind === 'status') return String(parameters.MessageStatus ?? '');
  if (kind === 'inbound') return String(parameters.Body || parameters.MessageType || method);
  const { pathname } = new URL(url, location.origin);
  return `${method} ${pathname.replace(/^\/2010-04-01\/Accounts\/\w+\//, '').replace(/\.json$/, '')}`;
}

function fill(details, request) {
  const { method, url, headers, parameters, answer, status, durationMs } = request;
  const took = durationMs === undefined ? '' : ` after ${durationMs} ms`;
  details.append(
    element(
      'div',
      { className: 'said' },
      element('p', { className: 'line' }, element('strong', {}, method), ' ', new URL(url, location.origin).href),
      element(
        'div',
        { className: 'do' },
        copyButton('Copy as curl', () => asCurl(request)),
      ),
      ...section('Headers', signatureFirst(headers)),
      ...section('Parameters', parameters),
      element('h3', {}, status === undefined ? `No answer${took}` : `Answer ${status}${took}`),
      ...answerNodes(answer),
    ),
  );
}

/** It is what one looks for. */
const signatureFirst = ({ 'x-twilio-signature': signature, ...others } = {}) =>
  signature === undefined ? others : { 'x-twilio-signature': signature, ...others };

function section(title, entries) {
  const rows = Object.entries(entries ?? {}).flatMap(([name, value]) => [
    element('dt', {}, name),
    element('dd', { className: /signature/i.test(name) ? 'signature' : '' }, [value].flat().join('\n')),
  ]);
  return rows.length === 0 ? [] : [element('h3', {}, title), element('dl', {}, ...rows)];
}

function answerNodes(answer) {
  if (!answer?.body) return [];
  return [
    element('p', { className: 'line' }, answer.contentType),
    element('pre', { tabIndex: 0, role: 'region', 'aria-label': 'Body of the answer' }, pretty(answer)),
  ];
}

function pretty({ contentType, body }) {
  if (!/json/.test(contentType)) return body;
  try {
    return JSON.stringify(JSON.parse(body), undefined, 2);
  } catch {
    // What was too long for the log is cut off, and no JSON any more.
    return body;
  }
}

function copyButton(words, text) {
  const button = element('button', { type: 'button' }, icon('copy'), words);
  button.addEventListener('click', async () => {
    await copyText(text());
    announce('Copied');
    button.lastChild.textContent = 'Copied';
    setTimeout(() => (button.lastChild.textContent = words), 2000);
  });
  return button;
}
