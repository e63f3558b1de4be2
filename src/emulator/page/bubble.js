// One message of the conversation.

import { element, icon, timeNode } from './dom.js';

const PIN = 'M12 21s-7-6.2-7-11.5a7 7 0 0 1 14 0C19 14.8 12 21 12 21zM12 12a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z';
const SIGNS = {
  clock: ['M12 5a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 9v4l3 2', 24],
  tick: ['M3 13l5 5L18 6', 22],
  ticks: ['M3 13l5 5L18 6M13 16l2 2L25 6', 28],
  failed: ['M12 4v10M12 19v.5', 24],
};

const FORMAT = /(```[\s\S]+?```|\*[^*\n]+\*|_[^_\n]+_|~[^~\n]+~)/;
const TAGS = { '*': 'strong', _: 'em', '~': 's', '`': 'code' };

/** WhatsApp's own formatting: *bold*, _italic_, ~strike~ and ```mono```. */
function formatted(body) {
  return body.split(FORMAT).map((part, index) => {
    if (index % 2 === 0) return part;
    const marks = part.startsWith('```') ? 3 : 1;
    return element(TAGS[part[0]], {}, part.slice(marks, -marks));
  });
}

function mediaNode({ sid, contentType, url }) {
  const src = `/_emulator/media/${sid}`;
  if (url !== undefined && contentType === '') return element('p', {}, `File on its way: ${url}`);
  if (contentType.startsWith('image/')) return element('img', { src, alt: 'Image' });
  if (contentType.startsWith('audio/')) return element('audio', { src, controls: true });
  if (contentType.startsWith('video/')) return element('video', { src, controls: true });
  return element('a', { className: 'file', href: src, download: '' }, `File (${contentType})`);
}

function placeNode({ latitude, longitude, label, address }) {
  return element(
    'a',
    {
      className: 'place',
      href: `https://www.openstreetmap.org/?mlat=${Number(latitude)}&mlon=${Number(longitude)}`,
      target: '_blank',
      rel: 'noopener noreferrer',
    },
    element('span', { className: 'pin' }, icon(PIN)),
    element(
      'span',
      {},
      element('strong', {}, label ?? 'Location'),
      address ? element('span', {}, address) : undefined,
      element('small', {}, `${latitude}, ${longitude}`),
    ),
  );
}

function quoteNode(quoted) {
  const who = quoted.direction === 'inbound' ? 'You' : 'Business';
  const what = quoted.body === '' ? [quoted.kind] : formatted(quoted.body);
  return element('div', { className: 'quote' }, element('strong', {}, who), element('span', {}, ...what));
}

function replyButtons(message, answer) {
  const buttons = message.buttons.map((button) => {
    const node = element('button', { type: 'button', disabled: button.action !== 'reply' }, button.title);
    node.addEventListener('click', () => answer({ kind: 'tap', title: button.title, on: message.sid }));
    return node;
  });
  const rows = message.rows.map((row) => {
    const more = row.description === undefined ? undefined : element('small', {}, row.description);
    const node = element('button', { type: 'button' }, row.title, more);
    node.addEventListener('click', () => answer({ kind: 'pick', title: row.title, on: message.sid }));
    return node;
  });
  if (buttons.length + rows.length === 0) return undefined;
  const group = element('div', { className: 'replies' }, ...buttons, ...rows);
  group.setAttribute('role', 'group');
  group.setAttribute('aria-label', 'Answers to choose from');
  return group;
}

/** Sign and words for how far a message has come, and whether it was read. */
function progress(message) {
  if (message.direction === 'inbound') {
    if (message.reception === 'read') return ['ticks', 'Read'];
    if (message.reception === 'taken') return ['ticks', 'Delivered'];
    return message.reception === 'refused' ? ['failed', 'Not taken by the application'] : ['tick', 'Sent'];
  }
  switch (message.status) {
    case 'read':
      return ['ticks', 'Read'];
    case 'delivered':
      return ['ticks', 'Delivered'];
    case 'sent':
      return ['tick', 'Sent, the phone has not got it yet'];
    case 'failed':
      return ['failed', 'Failed'];
    case 'undelivered':
      return ['failed', 'Not delivered'];
    default:
      return ['clock', message.status];
  }
}

/** Brings sign, words and look up to date; the content stays. */
export function updateBubble(bubble, message) {
  const [sign, words] = progress(message);
  const isHere = message.direction === 'inbound' || ['delivered', 'read'].includes(message.status);
  const isLost = message.error !== undefined || message.reception === 'refused';
  bubble.node.className = `message ${message.direction === 'inbound' ? 'mine' : 'theirs'}`;
  bubble.node.classList.toggle('waiting', !isHere && !isLost);
  bubble.node.classList.toggle('lost', isLost);
  bubble.sign.classList.toggle('read', words === 'Read');
  if (bubble.sign.title !== words) {
    bubble.sign.replaceChildren(icon(...SIGNS[sign]));
    bubble.sign.setAttribute('aria-label', words);
    bubble.sign.title = words;
  }
  bubble.reason.textContent = message.error
    ? `${words}: ${message.error.title} (${message.error.code})`
    : isLost
      ? words
      : '';
  bubble.reason.hidden = !isLost;
}

/** What makes a new bubble necessary; a status alone only changes the sign. */
export const contentOf = (message) => JSON.stringify([message.body, message.media, message.place, message.buttons]);

/**
 * @param quoted the message that this one answers, if it is known
 * @param answer called with what to send when the user taps a button or picks a row
 */
export function createBubble(message, quoted, answer) {
  const sign = element('span', { className: 'sign' });
  sign.setAttribute('role', 'img');
  const reason = element('p', { className: 'reason' });
  const node = element(
    'li',
    {},
    quoted && quoteNode(quoted),
    ...message.media.map(mediaNode),
    message.place && placeNode(message.place),
    // Twilio repeats the name of a place as the text.
    message.body === '' || message.body === message.place?.label
      ? undefined
      : element('span', { className: 'text' }, ...formatted(message.body)),
    element('span', { className: 'meta' }, timeNode(message.at), sign),
    reason,
    replyButtons(message, answer),
  );
  const bubble = { node, sign, reason, content: contentOf(message) };
  updateBubble(bubble, message);
  return bubble;
}
