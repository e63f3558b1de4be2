// Voice messages: recorded here and sent as Ogg Opus, which is what WhatsApp records.

import { announce, complain } from '../base/control.js';
import { find } from '../base/dom.js';
import { length } from '../base/words.js';
import { takeContext } from './context.js';
import { sendFile } from './files.js';
import { webmToOgg } from './ogg.js';

const LONGEST_MS = 300_000;
const TYPES = ['audio/ogg;codecs=opus', 'audio/webm;codecs=opus', 'audio/mp4'];
let recording;

async function start() {
  if (!navigator.mediaDevices || !window.MediaRecorder) {
    return complain('This browser cannot record. Send a sound file instead: Attach, Voice message.');
  }
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type));
    const recorder = new MediaRecorder(stream, mimeType ? { mimeType } : {});
    const chunks = [];
    recorder.addEventListener('dataavailable', ({ data }) => chunks.push(data));
    recorder.addEventListener('stop', () => finish(chunks));
    recorder.start();
    recording = { recorder, stream, startedAt: Date.now(), ticking: setInterval(tick, 250), isWanted: true };
    show(true);
    find('record-send').focus();
    return announce('Recording');
  } catch {
    return complain('The browser lets this page hear no microphone. Send a sound file instead: Attach, Voice message.');
  }
}

function tick() {
  const passed = Date.now() - recording.startedAt;
  find('record-time').textContent = length(passed / 1000);
  if (passed >= LONGEST_MS) stop(true);
}

function stop(isWanted) {
  if (!recording) return;
  recording.isWanted = isWanted;
  recording.recorder.stop();
}

async function finish(chunks) {
  const { isWanted, recorder, stream, ticking } = recording;
  recording = undefined;
  clearInterval(ticking);
  for (const track of stream.getTracks()) track.stop();
  show(false);
  find('text').focus();
  if (!isWanted) return announce('The recording was thrown away');
  const recorded = new Blob(chunks, { type: recorder.mimeType });
  return sendFile(await asWhatsappRecords(recorded), 'voice', takeContext());
}

async function asWhatsappRecords(recorded) {
  if (!recorded.type.startsWith('audio/webm')) return recorded;
  try {
    return new Blob([webmToOgg(new Uint8Array(await recorded.arrayBuffer()))], { type: 'audio/ogg' });
  } catch {
    return recorded;
  }
}

function show(isRecording) {
  find('recording').hidden = !isRecording;
  find('composing').hidden = isRecording;
  find('record-time').textContent = length(0);
}

export function startRecorder() {
  find('record').addEventListener('click', start);
  find('record-send').addEventListener('click', () => stop(true));
  find('record-cancel').addEventListener('click', () => stop(false));
  find('recording').addEventListener('keydown', (event) => {
    if (event.key === 'Escape') stop(false);
  });
}
