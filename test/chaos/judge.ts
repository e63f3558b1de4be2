/** A webhook and what came of it. Times are of a clock that only goes forward, in milliseconds. */
export interface Delivery {
  readonly sid: string;
  readonly from: string;
  readonly text: string;
  readonly sentAt: number;
  /** When it was acknowledged, if it was. */
  readonly acknowledgedAt?: number;
  /** Why it was not. */
  readonly refusal?: string;
}

/** A message that Twilio took. */
export interface Reply {
  readonly at: number;
  readonly to: string;
  readonly text: string;
}

export interface Verdict {
  /** SIDs that were acknowledged and never answered. */
  readonly lost: readonly string[];
  /** SIDs that were answered more than once. */
  readonly doubled: readonly string[];
  /** SIDs that were answered after a later one of their conversation. */
  readonly overtaken: readonly string[];
}

/** Whether each acknowledged webhook was answered (`re <SID>`), once, and in the order of its conversation. */
export function judgeReplies(deliveries: readonly Delivery[], replies: readonly Reply[]): Verdict {
  const places = new Map<string, number>();
  const doubled = new Set<string>();
  for (const [place, { text }] of replies.entries()) {
    const sid = text.slice('re '.length);
    if (places.has(sid)) doubled.add(sid);
    else places.set(sid, place);
  }
  const acknowledged = deliveries.filter(({ acknowledgedAt }) => acknowledgedAt !== undefined);
  return {
    lost: acknowledged.filter(({ sid }) => !places.has(sid)).map(({ sid }) => sid),
    doubled: [...doubled],
    overtaken: [...groupBy(acknowledged, ({ from }) => from).values()].flatMap((ofOne) =>
      ofOne
        .filter((earlier) =>
          ofOne.some(
            (later) => earlier.acknowledgedAt! < later.sentAt && places.get(earlier.sid)! > places.get(later.sid)!,
          ),
        )
        .map(({ sid }) => sid),
    ),
  };
}

/** The verdict in words: nothing, if all is well. */
export function problemsOf({ lost, doubled, overtaken }: Verdict): string[] {
  return [
    ...(lost.length > 0 ? [`${lost.length} acknowledged and not answered, such as ${lost[0]}`] : []),
    ...(doubled.length > 0 ? [`${doubled.length} answered more than once, such as ${doubled[0]}`] : []),
    ...(overtaken.length > 0 ? [`${overtaken.length} answered out of order, such as ${overtaken[0]}`] : []),
  ];
}

/** Those which came to Twilio after a later one of their conversation; the texts of one tell the order. */
export function outOfOrder(replies: readonly Reply[], numberOf: (text: string) => number): Reply[] {
  const latest = new Map<string, number>();
  return replies.filter(({ to, text }) => {
    const number = numberOf(text);
    const before = latest.get(to) ?? -1;
    latest.set(to, Math.max(before, number));
    return number < before;
  });
}

/** The most that lie within any time of this length. */
export function mostWithin(times: readonly number[], lengthMs: number): number {
  const sorted = [...times].toSorted((a, b) => a - b);
  let most = 0;
  let first = 0;
  for (const [last, time] of sorted.entries()) {
    while (time - sorted[first]! >= lengthMs) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

/** @returns NaN for nothing. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

export function groupBy<T, K>(list: readonly T[], keyOf: (one: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const one of list) {
    const key = keyOf(one);
    const group = groups.get(key);
    if (group) group.push(one);
    else groups.set(key, [one]);
  }
  return groups;
}
