// Line drawings in a box of 24 by 24, in the colour of the text around them.

const PATHS = {
  add: 'M12 5v14M5 12h14',
  alert: 'M12 3.5l9.5 17h-19zM12 10v4.5M12 17.5v.3',
  back: 'M15 5l-7 7 7 7',
  briefcase: 'M4 8h16v11H4zM9 8V5h6v3M4 13h16',
  chat: 'M4 5h16v11H10l-4 3.5V16H4z',
  close: 'M6 6l12 12M18 6L6 18',
  contact: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 20.5c1-4.5 4-6 8-6s7 1.5 8 6',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  document: 'M6 3h8l5 5v13H6zM14 3v5h5M9 13h7M9 17h5',
  down: 'M6 9l6 6 6-6',
  download: 'M12 4v11M7 11l5 5 5-5M5 20h14',
  forward: 'M13 6l7 6-7 6v-4c-5 0-8 1.5-9.5 4.5C4 13 7 10 13 10z',
  image: 'M5 4h14a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1zM4 16l5-5 5 5 2-2 4 4M15.5 8.5h.01',
  link: 'M14 5h5v5M19 5l-9 9M10 6H5v13h13v-5',
  list: 'M9 6h11M9 12h11M9 18h11M4.5 6h.01M4.5 12h.01M4.5 18h.01',
  mic: 'M12 15a3.5 3.5 0 0 0 3.5-3.5v-5a3.5 3.5 0 0 0-7 0v5A3.5 3.5 0 0 0 12 15zM5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3',
  moon: 'M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z',
  pause: 'M8 5v14M16 5v14',
  phone: 'M7 3h10a1 1 0 0 1 1 1v16a1 1 0 0 1-1 1H7a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zM11 18h2',
  pin: 'M12 21s-7-6.2-7-11.5a7 7 0 0 1 14 0C19 14.8 12 21 12 21zM12 12a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z',
  play: 'M8 5l11 7-11 7z',
  reply: 'M10 6L4 12l6 6v-4c6 0 8.5 1.5 10 5 0-6-3-9-10-9z',
  send: 'M4 4l17 8-17 8 3-8zM7 12h6',
  smile: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8.5 14c1 1.5 2 2 3.5 2s2.5-.5 3.5-2M9 9.5h.01M15 9.5h.01',
  sticker:
    'M20 13V6a2 2 0 0 0-2-2H6a2 2 0 0 0-2 2v12a2 2 0 0 0 2 2h7zM20 13h-5a2 2 0 0 0-2 2v5M8.5 10h.01M14.5 9h.01M9 13.5c1 .8 2.5 1 4 .5',
  sun: 'M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2.5V5M12 19v2.5M2.5 12H5M19 12h2.5M5.3 5.3L7 7M17 17l1.7 1.7M18.7 5.3L17 7M7 17l-1.7 1.7',
  template: 'M4 5h16v14H4zM4 10h16M9 10v9',
  trash: 'M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13',
  traffic: 'M4 8h14M14 4l4 4-4 4M20 16H6M10 12l-4 4 4 4',
  video: 'M4 6h11v12H4zM15 10.5l5.5-3v9l-5.5-3',
  // Ticks are wider than they are high.
  clock: 'M12 4.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15zM12 8v4l2.5 2',
  tick: 'M3 13l5 5L18 6',
  ticks: 'M3 13l5 5L18 6M13 16l2 2L25 6',
  failed: 'M12 4.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15zM12 8v5M12 16v.2',
};
const WIDTHS = { tick: 22, ticks: 28 };
const SVG = 'http://www.w3.org/2000/svg';

export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', `0 0 ${WIDTHS[name] ?? 24} 24`);
  svg.setAttribute('aria-hidden', 'true');
  const line = document.createElementNS(SVG, 'path');
  line.setAttribute('d', PATHS[name]);
  svg.append(line);
  return svg;
}

/** Puts its drawing into each element that names one: `<button data-icon="send">`. */
export function drawIcons(root = document) {
  for (const node of root.querySelectorAll('[data-icon]')) node.prepend(icon(node.dataset.icon));
}
