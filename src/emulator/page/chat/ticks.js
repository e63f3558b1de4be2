// How far a message has come: a sign, words for it, and why it went wrong.

import { icon } from '../base/icons.js';

const SIGNS = {
  read: ['ticks', 'Read'],
  delivered: ['ticks', 'Delivered'],
  sent: ['tick', 'Sent, the phone has not got it yet'],
  scheduled: ['clock', 'Scheduled'],
  canceled: ['failed', 'Canceled'],
  failed: ['failed', 'Failed'],
  undelivered: ['failed', 'Not delivered'],
};

/** For what the user sent, the application is the one who takes and reads. */
const RECEPTIONS = {
  taken: ['ticks', 'Delivered'],
  read: ['ticks', 'Read'],
  refused: ['failed', 'Not taken by the application'],
};

/** What the codes mean for whoever reads the page. */
const REASONS = {
  30002: 'The account is suspended',
  30036: 'It waited longer than its validity period allows',
  63003: 'This number is not on WhatsApp',
  63005: 'WhatsApp does not take this content',
  63013: 'It breaks a rule of WhatsApp’s',
  63015: 'The phone has not joined the sandbox',
  63016: 'The user has not written for 24 hours: only an approved template gets through',
  63018: 'Too many messages at once',
  63019: 'The file could not be fetched from its URL',
  63021: 'The content is not valid',
  63024: 'This number cannot get WhatsApp messages',
  63027: 'The template does not exist in this language',
  63028: 'The template has more places than the message has values',
  63032: 'WhatsApp cannot deliver it to this user',
  63033: 'The user has blocked the business',
  63034: 'The file is too large',
  63049: 'WhatsApp holds marketing messages back from this user',
};

function progress({ direction, status, reception }) {
  if (direction === 'inbound') return RECEPTIONS[reception] ?? ['tick', 'Sent'];
  return SIGNS[status] ?? ['clock', status];
}

/** Why a message is lost, or `undefined` if it is not. */
export function lossOf({ error, reception, status }) {
  if (reception === 'refused') return 'Not taken by the application';
  if (status === 'canceled') return 'Canceled before it was sent';
  if (!error) return undefined;
  const words = status === 'undelivered' ? 'Not delivered' : 'Failed';
  return `${words}: ${REASONS[error.code] ?? error.title} (${error.code})`;
}

/** Draws the sign anew if it has changed. */
export function updateSign(node, message) {
  const [sign, words] = progress(message);
  node.classList.toggle('read', words === 'Read');
  if (node.title === words) return;
  node.replaceChildren(icon(sign));
  node.setAttribute('aria-label', words);
  node.title = words;
}
