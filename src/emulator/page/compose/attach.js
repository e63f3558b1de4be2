// The menu of what can be sent besides text, and the dialogs for what has to be filled in.

import { send } from '../base/control.js';
import { find } from '../base/dom.js';
import { takeContext } from './context.js';

const button = find('attach');
const menu = find('attach-menu');

const ACTS = {
  image: () => find('choose-image').click(),
  video: () => find('choose-video').click(),
  document: () => find('choose-document').click(),
  voice: () => find('choose-voice').click(),
  sticker: () => find('choose-sticker').click(),
  contact: () => find('contact-dialog').showModal(),
  location: () => find('place-dialog').showModal(),
};

function place() {
  const { left, top } = button.getBoundingClientRect();
  menu.style.left = `${Math.max(8, left - 4)}px`;
  menu.style.top = `${Math.max(8, top - menu.offsetHeight - 10)}px`;
}

function move(step) {
  const items = [...menu.querySelectorAll('button')];
  items[(items.indexOf(document.activeElement) + step + items.length) % items.length].focus();
}

export function startAttach() {
  button.addEventListener('click', () => {
    menu.showPopover();
    place();
    menu.querySelector('button').focus();
  });
  menu.addEventListener('toggle', (event) => button.setAttribute('aria-expanded', String(event.newState === 'open')));
  menu.addEventListener('click', (event) => {
    const item = event.target.closest('button');
    if (!item) return;
    menu.hidePopover();
    ACTS[item.dataset.act]();
  });
  menu.addEventListener('keydown', (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      move(step);
    } else if (event.key === 'Tab') {
      menu.hidePopover();
    }
  });
  find('place-form').addEventListener('submit', () => {
    send({
      kind: 'location',
      latitude: Number(find('latitude').value),
      longitude: Number(find('longitude').value),
      label: find('label').value || null,
      address: find('address').value || null,
      ...takeContext(),
    });
  });
  find('contact-form').addEventListener('submit', () => {
    const [name, contactPhone] = [find('contact-name').value, find('contact-phone').value];
    send({ kind: 'contact', name, contactPhone, ...takeContext() });
  });
}
