/** Where the time comes from. Passed in everywhere, so that a test moves time instead of waiting for it. */
export interface Clock {
  /** Milliseconds since 1970, as `Date.now()`. */
  now(): number;
  /** Calls `callback` once, `delayMs` from now; the returned function cancels that. */
  setTimeout(callback: () => void, delayMs: number): () => void;
}

/** `setTimeout` of Node counts in 32 bits; a longer delay would fire at once. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout(callback, delayMs) {
    const timer = setTimeout(callback, Math.min(Math.max(0, delayMs), LONGEST_DELAY_MS));
    return () => clearTimeout(timer);
  },
};
