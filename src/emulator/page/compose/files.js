// Files that the user chooses, pastes or drops: looked at first, and sent with a caption.

import { complain, send } from '../base/control.js';
import { element, find } from '../base/dom.js';
import { size } from '../base/words.js';
import { takeText } from './composer.js';
import { takeContext } from './context.js';

/** What WhatsApp takes, in bytes. @see https://www.twilio.com/docs/whatsapp/guidance-whatsapp-media-messages */
const LARGEST = { image: 5_242_880, sticker: 524_288, video: 16_777_216, voice: 16_777_216, document: 16_777_216 };
const WORDS = { image: 'images', sticker: 'stickers', video: 'videos', voice: 'audio', document: 'documents' };
const WITHOUT_CAPTION = new Set(['voice', 'sticker']);
let chosen;

function kindOf({ type }) {
  if (type === 'image/webp' || type === 'image/png' || type === 'image/jpeg') return 'image';
  if (type.startsWith('video/')) return 'video';
  return type.startsWith('audio/') ? 'voice' : 'document';
}

export async function toBase64(blob) {
  const url = await new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener('load', () => resolve(reader.result));
    reader.addEventListener('error', () => reject(reader.error));
    reader.readAsDataURL(blob);
  });
  return url.slice(url.indexOf(',') + 1);
}

/** @param kind overrides what the type of the file says */
export async function sendFile(blob, kind, more = {}) {
  if (blob.size > LARGEST[kind]) {
    return complain(`WhatsApp takes ${WORDS[kind]} of up to ${size(LARGEST[kind])}; this one has ${size(blob.size)}.`);
  }
  const data = await toBase64(blob);
  // A parameter such as the codec is not part of what Twilio passes on.
  const contentType = (blob.type || 'application/octet-stream').replace(/;.*$/, '');
  return send({ kind, data, contentType, ...(blob.name ? { filename: blob.name } : {}), ...more });
}

function previewOf({ file, kind, url }) {
  if (kind === 'image' || kind === 'sticker') return element('img', { src: url, alt: 'What you are about to send' });
  if (kind === 'video')
    return element('video', { src: url, controls: true, 'aria-label': 'What you are about to send' });
  if (kind === 'voice')
    return element('audio', { src: url, controls: true, 'aria-label': 'What you are about to send' });
  return element('p', {}, element('strong', {}, file.name), ` ${size(file.size)}`);
}

export function preview(file, kind = kindOf(file)) {
  chosen = { file, kind, url: URL.createObjectURL(file) };
  find('file-preview').replaceChildren(previewOf(chosen));
  find('caption-row').hidden = WITHOUT_CAPTION.has(kind);
  find('caption').value = WITHOUT_CAPTION.has(kind) ? '' : takeText();
  find('file-dialog').showModal();
}

export function startFiles() {
  for (const input of document.querySelectorAll('input[type="file"]')) {
    input.addEventListener('change', () => {
      const [file] = input.files;
      input.value = '';
      if (file) preview(file, input.dataset.kind);
    });
  }
  find('file-form').addEventListener('submit', () => {
    const { file, kind } = chosen;
    sendFile(file, kind, { caption: find('caption').value.trim(), ...takeContext() });
  });
  find('file-dialog').addEventListener('close', () => {
    find('file-preview').replaceChildren();
    URL.revokeObjectURL(chosen?.url);
  });
  find('text').addEventListener('paste', (event) => {
    const [file] = event.clipboardData.files;
    if (!file) return;
    event.preventDefault();
    preview(file);
  });
  const chat = find('conversation');
  chat.addEventListener('dragover', (event) => event.preventDefault());
  chat.addEventListener('drop', (event) => {
    event.preventDefault();
    const [file] = event.dataTransfer.files;
    if (file) preview(file);
  });
}
