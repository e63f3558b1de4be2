// Files in a message, each as a phone shows its kind.

import { element, find, hidden } from '../base/dom.js';
import { icon } from '../base/icons.js';
import { kindOfMedia, size } from '../base/words.js';
import { contactCard } from './contact.js';
import { voicePlayer } from './voice.js';

export const sourceOf = ({ sid }) => `/_emulator/media/${sid}`;

export function mediaNode(media, message) {
  if (!media.here) return missing(media, message);
  const src = sourceOf(media);
  switch (kindOfMedia(media, message)) {
    case 'image':
      return picture(src, 'Photo', 'photo');
    case 'sticker':
      return picture(src, 'Sticker', 'sticker');
    case 'video':
      return element('video', { src, controls: true, preload: 'metadata', 'aria-label': 'Video' });
    case 'audio':
      return voicePlayer(src, media.sid, media.size ?? 0);
    case 'contacts':
      return contactCard(src);
    default:
      return documentCard(src, media);
  }
}

function missing({ filename }, { error }) {
  const what = filename ?? 'A file';
  return error
    ? element('p', { className: 'coming' }, icon('failed'), `${what} did not come along`)
    : element('p', { className: 'coming' }, icon('clock'), `${what} is being fetched`);
}

function picture(src, alt, className) {
  const image = element('img', { src, alt, loading: 'lazy' });
  const button = element('button', { type: 'button', className, 'aria-label': `Open the ${alt.toLowerCase()}` }, image);
  image.addEventListener('error', () => button.classList.add('broken'));
  button.addEventListener('click', () => {
    find('viewer-image').src = src;
    find('viewer').showModal();
  });
  return button;
}

function documentCard(src, { filename, contentType, size: bytes }) {
  const name = filename ?? 'Document';
  const type = (/\.(\w{1,5})$/.exec(name)?.[1] ?? contentType.split('/').at(-1)).slice(0, 5).toUpperCase();
  return element(
    'a',
    { className: 'file', href: src, download: name },
    element('span', { className: 'sheet', 'data-type': type, 'aria-hidden': 'true' }, type),
    element(
      'span',
      { className: 'lines' },
      element('strong', {}, name),
      element('small', {}, [size(bytes), type].filter(Boolean).join(' · ')),
    ),
    element('span', { className: 'get' }, icon('download'), hidden('Download')),
  );
}
