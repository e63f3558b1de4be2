// The player of a voice message: a button, its wave, and where it stands.

import { element } from '../base/dom.js';
import { icon } from '../base/icons.js';
import { length } from '../base/words.js';

const BARS = 42;
const MOST_WAVES = 200;
const LARGEST_DECODED = 4 * 1024 * 1024;
const waves = new Map();
let playing;

export function voicePlayer(src, sid, bytes) {
  const audio = element('audio', { src, preload: 'metadata' });
  const button = element('button', { type: 'button', className: 'play', 'aria-label': 'Play' }, icon('play'));
  const bars = Array.from({ length: BARS }, () => element('i'));
  const position = element('input', {
    type: 'range',
    min: 0,
    max: 1000,
    value: 0,
    'aria-label': 'Position in the voice message',
  });
  const time = element('span', { className: 'length' }, '0:00');
  const wave = element('span', { className: 'wave' }, ...bars, position);
  const node = element('div', { className: 'voice' }, button, wave, time, audio);

  const show = () => {
    const { currentTime, duration } = audio;
    const part = duration > 0 && Number.isFinite(duration) ? currentTime / duration : 0;
    position.value = String(Math.round(part * 1000));
    position.setAttribute('aria-valuetext', `${length(currentTime)} of ${length(duration)}`);
    time.textContent = length(audio.paused && currentTime === 0 ? duration : currentTime);
    for (const [index, bar] of bars.entries()) bar.className = index / BARS < part ? 'played' : '';
  };
  const turn = () => {
    const isPaused = audio.paused;
    button.replaceChildren(icon(isPaused ? 'play' : 'pause'));
    button.setAttribute('aria-label', isPaused ? 'Play' : 'Pause');
    show();
  };
  button.addEventListener('click', () => {
    if (!audio.paused) return audio.pause();
    // As on a phone, only one is heard at a time.
    playing?.pause();
    playing = audio;
    return audio.play().catch(() => node.classList.add('broken'));
  });
  position.addEventListener('input', () => {
    if (Number.isFinite(audio.duration)) audio.currentTime = (Number(position.value) / 1000) * audio.duration;
    show();
  });
  for (const name of ['play', 'pause', 'ended']) audio.addEventListener(name, turn);
  for (const name of ['timeupdate', 'durationchange', 'loadedmetadata']) audio.addEventListener(name, show);
  audio.addEventListener('ended', () => (audio.currentTime = 0));
  audio.addEventListener('error', () => {
    node.classList.add('broken');
    time.textContent = 'cannot be played';
    button.disabled = true;
  });
  drawWave(bars, src, sid, bytes);
  return node;
}

async function drawWave(bars, src, sid, bytes) {
  if (!waves.has(sid)) waves.set(sid, peaksOf(src, bytes));
  const [oldest] = waves.keys();
  const peaks = await waves.get(sid);
  if (waves.size > MOST_WAVES) waves.delete(oldest);
  // The heights are the style sheet's, in steps.
  for (const [index, bar] of bars.entries()) bar.dataset.height = String(1 + Math.round((peaks[index] ?? 0) * 9));
}

/** How loud each part of the recording is, from 0 to 1; nothing for what cannot be decoded. */
async function peaksOf(src, bytes) {
  if (bytes > LARGEST_DECODED) return [];
  try {
    const encoded = await (await fetch(src)).arrayBuffer();
    const decoded = await new OfflineAudioContext(1, 1, 16_000).decodeAudioData(encoded);
    const samples = decoded.getChannelData(0);
    const width = Math.max(1, Math.floor(samples.length / BARS));
    const peaks = Array.from({ length: BARS }, (_, bar) => {
      let peak = 0;
      for (let at = bar * width; at < (bar + 1) * width; at += 8) peak = Math.max(peak, Math.abs(samples[at] ?? 0));
      return peak;
    });
    const most = Math.max(...peaks, 0.01);
    return peaks.map((peak) => peak / most);
  } catch {
    return [];
  }
}
