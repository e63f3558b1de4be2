// How things are said and written.

import { now } from './clock.js';
import { element } from './dom.js';

const TIME = { hour: 'numeric', minute: '2-digit' };
export const WITH_SECONDS = { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false };
const DAY_MS = 86_400_000;

/** The time of day, as this browser's user writes it. */
export function timeNode(at, options = TIME) {
  const time = new Date(at);
  const title = time.toLocaleString();
  return element('time', { dateTime: time.toISOString(), title }, time.toLocaleTimeString([], options));
}

const midnight = (at) => new Date(at).setHours(0, 0, 0, 0);

export const sameDay = (one, other) => midnight(one) === midnight(other);

/** `Today`, `Yesterday`, `Tomorrow`, a day of the last week, or a date. */
export function dayOf(at) {
  const days = Math.round((midnight(now()) - midnight(at)) / DAY_MS);
  if (days === 0) return 'Today';
  if (days === 1) return 'Yesterday';
  if (days === -1) return 'Tomorrow';
  const options = days > 1 && days < 7 ? { weekday: 'long' } : { day: 'numeric', month: 'long', year: 'numeric' };
  return new Date(at).toLocaleDateString([], options);
}

/** `3:07`, as on a player. */
export function length(seconds) {
  const whole = Number.isFinite(seconds) ? Math.floor(seconds) : 0;
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

/** `23:59:07`, as on a countdown. */
export function countdown(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const parts = [seconds / 3600, (seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(Math.floor(part)).padStart(2, '0')).join(':');
}

export function size(bytes) {
  if (bytes === undefined) return '';
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** `whatsapp:+15550006789` without its channel. */
export const plain = (address) => address.replace(/^whatsapp:/, '');

export const nameOf = (user) => user.profileName || user.id;

/** What a message is, in a line. */
export function gist(message) {
  if (message.body !== '') return message.body;
  if (message.place) return message.place.label ?? 'Location';
  const [media] = message.media;
  return media ? nounOf(media, message) : (NOUNS[message.kind] ?? 'Message');
}

const NOUNS = {
  audio: 'Voice message',
  contacts: 'Contact',
  document: 'Document',
  image: 'Photo',
  location: 'Location',
  sticker: 'Sticker',
  video: 'Video',
};

function nounOf(media, message) {
  const kind = kindOfMedia(media, message);
  return kind === 'document' ? (media.filename ?? 'Document') : NOUNS[kind];
}

/** How a phone shows a file: by the kind of its message, and for what the business sends by its type. */
export function kindOfMedia({ contentType }, message) {
  if (message.direction === 'inbound' && message.kind in NOUNS) return message.kind;
  if (contentType === 'image/webp') return 'sticker';
  const [family] = contentType.split('/');
  if (family === 'image' || family === 'video' || family === 'audio') return family;
  return /vcard/.test(contentType) ? 'contacts' : 'document';
}
