// The emulator's time, which can be ahead of this browser's.

let offset = 0;

export function setNow(now) {
  offset = now - Date.now();
}

/** Milliseconds since 1970, as the emulator counts them. */
export const now = () => Date.now() + offset;
