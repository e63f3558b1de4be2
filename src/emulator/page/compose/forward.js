// Forwarding: the same message again, from a phone of choice, marked as WhatsApp marks it.

import { complain, send } from '../base/control.js';
import { element, find } from '../base/dom.js';
import { choose, store } from '../base/store.js';
import { gist, kindOfMedia, nameOf, plain } from '../base/words.js';
import { sourceOf } from '../chat/media.js';
import { sendFile } from './files.js';
import { readCard } from '../chat/contact.js';

let message;

export function askToForward(chosen) {
  message = chosen;
  find('forward-what').textContent = gist(message);
  find('forward-who').replaceChildren(
    ...[...store.users.values()].map((user) =>
      element(
        'option',
        { value: user.id, selected: user.id === store.phone },
        `${nameOf(user)} to ${plain(store.sender)}`,
      ),
    ),
  );
  find('forward-dialog').showModal();
}

async function forward(forwarded) {
  const [media] = message.media;
  if (message.place) {
    const { latitude, longitude, label, address } = message.place;
    return send({ kind: 'location', latitude, longitude, label: label ?? null, address: address ?? null, forwarded });
  }
  if (!media) return send({ kind: 'text', text: message.body, forwarded });
  const response = await fetch(sourceOf(media));
  if (!response.ok) return complain('The file is no longer there.');
  const kind = kindOfMedia(media, message);
  if (kind === 'contacts') {
    const { name, numbers } = readCard(await response.text());
    return send({ kind: 'contact', name, contactPhone: numbers[0] ?? '', forwarded });
  }
  const file = new File([await response.blob()], media.filename ?? '', { type: media.contentType });
  return sendFile(file, kind === 'audio' ? 'voice' : kind, { caption: message.body, forwarded });
}

export function startForward() {
  find('forward-form').addEventListener('submit', () => {
    const phone = find('forward-who').value;
    if (phone !== store.phone) choose(phone);
    forward(find('forward-often').checked ? 'frequently' : 'once');
  });
}
