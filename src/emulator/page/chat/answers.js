// What a message offers to tap: reply buttons, links, and the rows of a list.

import { send } from '../base/control.js';
import { element, find } from '../base/dom.js';
import { icon } from '../base/icons.js';

export function answersNode(message) {
  const buttons = message.buttons.map((button) => buttonNode(button, message));
  if (message.rows.length > 0) buttons.push(listNode(message));
  if (buttons.length === 0) return undefined;
  return element('div', { className: 'answers', role: 'group', 'aria-label': 'Answers to choose from' }, ...buttons);
}

function buttonNode({ title, action }, { sid }) {
  if (action !== 'reply') {
    return element('button', { type: 'button', disabled: true }, icon('link'), title);
  }
  const node = element('button', { type: 'button' }, icon('reply'), title);
  node.addEventListener('click', () => send({ kind: 'tap', title, on: sid }));
  return node;
}

function listNode(message) {
  const node = element(
    'button',
    { type: 'button', 'aria-haspopup': 'dialog' },
    icon('list'),
    message.listButton ?? 'See options',
  );
  node.addEventListener('click', () => openList(message));
  return node;
}

function openList({ rows, sid, listButton }) {
  const dialog = find('list-dialog');
  find('list-title').textContent = listButton ?? 'Options';
  find('list-rows').replaceChildren(
    ...rows.map(({ title, description }) => {
      const more = description === undefined ? undefined : element('small', {}, description);
      const row = element('button', { type: 'button' }, element('span', {}, title), more);
      row.addEventListener('click', () => {
        dialog.close();
        send({ kind: 'pick', title, on: sid });
      });
      return element('li', {}, row);
    }),
  );
  dialog.showModal();
}
