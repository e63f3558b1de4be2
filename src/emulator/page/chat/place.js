// A location: a made-up map, as nothing is fetched from elsewhere, and a link to a real one.

import { element, hidden } from '../base/dom.js';
import { icon } from '../base/icons.js';

export function placeNode({ latitude, longitude, label, address }) {
  return element(
    'a',
    {
      className: 'place',
      href: `https://www.openstreetmap.org/?mlat=${Number(latitude)}&mlon=${Number(longitude)}`,
      target: '_blank',
      rel: 'noopener noreferrer',
      title: 'Opens a map elsewhere',
    },
    element('span', { className: 'map' }, element('span', { className: 'pin' }, icon('pin'))),
    element(
      'span',
      { className: 'lines' },
      hidden('Location: '),
      element('strong', {}, label ?? 'A place'),
      address ? element('span', {}, address) : undefined,
      element('small', {}, `${latitude}, ${longitude}`),
    ),
  );
}
