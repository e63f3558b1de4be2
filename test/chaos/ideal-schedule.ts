import type { Fate } from './twilio-front';

export interface ScheduledMessage {
  readonly conversation: string;
  /** What became of each request to send it, in their order. */
  readonly fates: readonly Fate[];
}

/** How long the conversation has to wait after a request with this fate, in milliseconds, before it may go on. */
export type Holds = Readonly<Record<Fate, number>>;

const WINDOW_MS = 60_000;

interface Conversation {
  /** The place of its first message, which goes before others that may leave at the same time. */
  readonly place: number;
  readonly requests: Fate[];
  readyAt: number;
}

/**
 * When the last message is taken, in milliseconds from the first, if requests take no time and the same faults strike
 * the same requests: whatever may leave leaves at once, never more than `rpm` in any 60 s, one of a conversation at a
 * time.
 */
export function idealDurationMs(messages: readonly ScheduledMessage[], rpm: number, holds: Holds): number {
  const conversations = new Map<string, Conversation>();
  for (const [place, { conversation, fates }] of messages.entries()) {
    const known = conversations.get(conversation) ?? { place, requests: [], readyAt: 0 };
    known.requests.push(...fates);
    conversations.set(conversation, known);
  }
  const waiting = [...conversations.values()];
  const sends: number[] = [];
  let lastTaken = 0;
  for (;;) {
    const budgetFreeAt = sends.length < rpm ? 0 : sends[sends.length - rpm]! + WINDOW_MS;
    const next = waiting
      .filter(({ requests }) => requests.length > 0)
      .reduce<Conversation | undefined>(
        (best, one) => (best === undefined || goesBefore(one, best) ? one : best),
        undefined,
      );
    if (next === undefined) return lastTaken;
    const now = Math.max(next.readyAt, budgetFreeAt, sends.at(-1) ?? 0);
    sends.push(now);
    const fate = next.requests.shift()!;
    if (fate === 'taken' || fate === 'hang') lastTaken = now;
    next.readyAt = now + holds[fate];
  }
}

function goesBefore(one: Conversation, other: Conversation): boolean {
  return one.readyAt < other.readyAt || (one.readyAt === other.readyAt && one.place < other.place);
}
