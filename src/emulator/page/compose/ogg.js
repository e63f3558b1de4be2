// Browsers record Opus in WebM, WhatsApp in Ogg: the same sound in another wrapping.
// @see RFC 7845, RFC 3533 and https://www.matroska.org/technical/elements.html

const SEGMENT = 0x18538067;
const CLUSTER = 0x1f43b675;
const BLOCK_GROUP = 0xa0;
const TRACKS = 0x1654ae6b;
const TRACK_ENTRY = 0xae;
const CODEC_PRIVATE = 0x63a2;
const SIMPLE_BLOCK = 0xa3;
const BLOCK = 0xa1;
const CONTAINERS = new Set([SEGMENT, CLUSTER, BLOCK_GROUP, TRACKS, TRACK_ENTRY]);
const SERIAL = 1;
/** Opus counts its time at 48 kHz, whatever the microphone does. */
const RATE = 48_000;

/** @throws Error for what is no WebM with Opus in it. */
export function webmToOgg(webm) {
  const { head, packets } = readWebm(webm);
  if (!head || packets.length === 0) throw new Error('There is no Opus in it.');
  const pages = [page(2, 0, 0, head), page(0, 0, 1, tags())];
  let samples = 0;
  for (const [index, packet] of packets.entries()) {
    samples += samplesIn(packet);
    pages.push(page(index === packets.length - 1 ? 4 : 0, samples, index + 2, packet));
  }
  return join(pages);
}

function readWebm(bytes) {
  const found = { head: undefined, packets: [] };
  const read = (from, end) => {
    let at = from;
    while (at < end) {
      const id = number(bytes, at, false);
      const length = number(bytes, id.end, true);
      const start = length.end;
      // While it is being recorded the length of a part is not known yet: it goes on to the end.
      const stop = length.isUnknown ? end : Math.min(end, start + length.value);
      if (CONTAINERS.has(id.value)) read(start, stop);
      else if (id.value === CODEC_PRIVATE) found.head = bytes.subarray(start, stop);
      // Before its data, a block has its track, its time in two bytes, and a byte of flags.
      else if (id.value === SIMPLE_BLOCK || id.value === BLOCK) {
        found.packets.push(bytes.subarray(number(bytes, start, true).end + 3, stop));
      }
      at = stop;
    }
  };
  read(0, bytes.length);
  return found;
}

/** A number of variable length; an id keeps the bit that marks its length. */
function number(bytes, at, withoutMark) {
  const first = bytes[at] ?? 0;
  const length = Math.clz32(first) - 23;
  if (first === 0 || length > 8) throw new Error('The recording is damaged.');
  let value = withoutMark ? first & (0xff >> length) : first;
  let isUnknown = withoutMark && value === 0xff >> length;
  for (let next = 1; next < length; next++) {
    const byte = bytes[at + next] ?? 0;
    isUnknown &&= byte === 0xff;
    value = value * 256 + byte;
  }
  return { value, isUnknown, end: at + length };
}

/** How long a packet lasts. @see RFC 6716, section 3.1 */
function samplesIn(packet) {
  const configuration = packet[0] >> 3;
  const frames = [1, 2, 2, packet[1] & 63][packet[0] & 3];
  const milliseconds =
    configuration < 12
      ? [10, 20, 40, 60][configuration & 3]
      : configuration < 16
        ? [10, 20][configuration & 1]
        : [2.5, 5, 10, 20][configuration & 3];
  return (frames * milliseconds * RATE) / 1000;
}

function tags() {
  const vendor = new TextEncoder().encode('phone');
  const bytes = new Uint8Array(16 + vendor.length);
  bytes.set(new TextEncoder().encode('OpusTags'));
  new DataView(bytes.buffer).setUint32(8, vendor.length, true);
  bytes.set(vendor, 12);
  return bytes;
}

function page(flags, samples, sequence, packet) {
  const segments = Math.floor(packet.length / 255) + 1;
  const bytes = new Uint8Array(27 + segments + packet.length);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode('OggS'));
  bytes[5] = flags;
  view.setBigUint64(6, BigInt(Math.round(samples)), true);
  view.setUint32(14, SERIAL, true);
  view.setUint32(18, sequence, true);
  bytes[26] = segments;
  bytes.fill(255, 27, 27 + segments - 1);
  bytes[27 + segments - 1] = packet.length % 255;
  bytes.set(packet, 27 + segments);
  view.setUint32(22, checksum(bytes), true);
  return bytes;
}

function checksum(bytes) {
  let sum = 0;
  for (const byte of bytes) {
    sum ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) sum = sum < 0 ? (sum << 1) ^ 0x04c11db7 : sum << 1;
  }
  return sum >>> 0;
}

function join(pages) {
  const whole = new Uint8Array(pages.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const one of pages) {
    whole.set(one, at);
    at += one.length;
  }
  return whole;
}
