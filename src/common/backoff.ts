/**
 * The wait after the `attempt`-th try: it doubles each time up to `longestMs`, and its second half is random, so that
 * what failed together does not come back together.
 */
export function backoffMs(attempt: number, firstMs: number, longestMs: number, random: () => number): number {
  const full = Math.min(firstMs * 2 ** Math.min(attempt - 1, 30), longestMs);
  return Math.round(full / 2 + (full / 2) * random());
}
