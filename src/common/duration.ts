const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Milliseconds of a duration: a number is taken as milliseconds, text as `250ms`, `30s`, `5m`, `25h` or `3d`.
 *
 * @throws RangeError for anything else, and for a negative number.
 */
export function parseDuration(duration: number | string): number {
  if (typeof duration === 'number') {
    if (Number.isFinite(duration) && duration >= 0) return duration;
  } else {
    const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(duration.trim());
    if (match) return Number(match[1]) * UNITS[match[2] as string]!;
  }
  throw new RangeError(
    `Not a duration: ${JSON.stringify(duration)}. Use milliseconds, or text such as '30s' or '25h'.`,
  );
}
