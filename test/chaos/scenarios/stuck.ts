import { type Delivery, judgeReplies, problemsOf, quantile } from '../judge';
import { type Finding, type ScenarioOptions } from '../scenario';
import { addressOf, type Load, WebhookLoad } from '../webhook-load';
import { inWorld, type World } from '../world';

export interface StuckOptions extends ScenarioOptions {
  /** Sent twice: first all is well, then one user's handler throws each time, and another's never comes back. */
  readonly load: Load;
  /** How many times longer the others may wait for their handlers, at the median. Default: it may take its time. */
  readonly slowdown?: number;
}

const THROWS = 0;
const HANGS = 1;
const TROUBLE: Readonly<Record<number, string>> = { [THROWS]: 'throw', [HANGS]: 'hang' };

/** A conversation whose handler fails, and one whose handler hangs, keep no other conversation from its pace. */
export function stuck({
  engine,
  signal,
  shared,
  load,
  slowdown,
}: StuckOptions): Promise<Finding & { readonly tried: number }> {
  const module = { handlers: { timeoutMs: 2000, maxAttempts: 3, retryDelayMs: 500 } };
  return inWorld({ engine, signal, shared, module, limitSeconds: 145 }, async (world) => {
    const well = new WebhookLoad(world);
    await well.run(load);
    await answersTo(world, well.acknowledged);
    await world.twilio.settles(); // what is left of the first part must not slow the second

    const ill = new WebhookLoad(world, (user, number) => TROUBLE[user] ?? String(number));
    await ill.run(load);
    const others = ill.deliveries.filter(({ from }) => !isInTrouble(from));
    await answersTo(world, others);

    const before = delayOf(
      world,
      well.deliveries.filter(({ from }) => !isInTrouble(from)),
    );
    const during = delayOf(world, others);
    const tried = ill.deliveries.filter(({ from, sid }) => isInTrouble(from) && world.handled.has(sid)).length;
    const verdict = judgeReplies([...well.deliveries, ...others], world.replies);
    return {
      tried,
      summary:
        `${load.users} conversations, of which one throws and one hangs (${tried} of their messages tried): the others' ` +
        `handlers begin after ${during.toFixed(1)} ms at the median, ${before.toFixed(1)} ms without those ` +
        `(× ${(during / before).toFixed(2)}); ${verdict.lost.length} of ${others.length} not answered`,
      problems: [
        ...problemsOf(verdict),
        ...(slowdown === undefined || during <= before * slowdown
          ? []
          : [`the others waited ${during / before} times as long`]),
      ],
    };
  });
}

function isInTrouble(from: string): boolean {
  return from === addressOf(THROWS) || from === addressOf(HANGS);
}

/** Resolves once all are answered, or after a while. */
async function answersTo(world: World, deliveries: readonly Delivery[]): Promise<void> {
  await world.until(() => judgeReplies(deliveries, world.replies).lost.length === 0, 30);
}

/** Milliseconds from the webhook to the handler, at the median. */
function delayOf({ handled }: World, deliveries: readonly Delivery[]): number {
  return quantile(
    deliveries.flatMap(({ sid, sentAt }) => (handled.has(sid) ? [handled.get(sid)![0]! - sentAt] : [])),
    0.5,
  );
}
