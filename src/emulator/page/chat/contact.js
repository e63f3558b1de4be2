// A contact card, read from its vCard.

import { element } from '../base/dom.js';
import { avatar } from '../phones/avatar.js';

export function contactCard(src) {
  const name = element('strong', {}, 'Contact');
  const numbers = element('span', { className: 'numbers' });
  const face = element('span', { className: 'face' }, avatar('?'));
  const node = element('div', { className: 'contact' }, face, element('span', { className: 'lines' }, name, numbers));
  showCard(src, { face, name, numbers });
  return node;
}

async function showCard(src, { face, name, numbers }) {
  try {
    const card = readCard(await (await fetch(src)).text());
    name.textContent = card.name;
    face.replaceChildren(avatar(card.name));
    numbers.replaceChildren(...card.numbers.map((number) => element('small', {}, number)));
  } catch {
    name.textContent = 'A contact that cannot be read';
  }
}

/** The name and the numbers of the first card. @see RFC 6350 */
export function readCard(text) {
  const lines = text.replace(/\r?\n[ \t]/g, '').split(/\r?\n/);
  const valuesOf = (property) =>
    lines.filter((line) => new RegExp(`^(item\\d+\\.)?${property}[;:]`, 'i').test(line)).map(valueOf);
  return { name: valuesOf('FN')[0] || 'Contact', numbers: valuesOf('TEL').slice(0, 5) };
}

function valueOf(line) {
  return line
    .slice(line.indexOf(':') + 1)
    .replace(/\\n/gi, ' ')
    .replace(/\\(.)/g, '$1')
    .trim();
}
