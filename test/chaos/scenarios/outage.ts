import { judgeReplies, problemsOf } from '../judge';
import { type Finding, type ScenarioOptions, seconds } from '../scenario';
import { type Load, WebhookLoad } from '../webhook-load';
import { inWorld } from '../world';

export interface OutageOptions extends Omit<ScenarioOptions, 'engine'> {
  readonly load: Load;
  readonly spool: boolean;
  /** PostgreSQL is stopped after so many webhooks, and started again after so many. */
  readonly stopAfter: number;
  readonly startAfter: number;
}

const SETTLE_SECONDS = 60;

/** PostgreSQL goes away under load, at once and without a word, and comes back: what was acknowledged is answered. */
export function outage(options: OutageOptions): Promise<Finding & { readonly refused: number }> {
  const { signal, shared, load, spool, stopAfter, startAfter } = options;
  return inWorld({ engine: 'postgres', signal, shared, spool, limitSeconds: 145 }, async (world) => {
    const postgres = world.postgres!;
    const webhooks = new WebhookLoad(world);
    let stoppedAt = Number.NaN;
    let startedAt = Number.NaN;
    let moving: Promise<void> = Promise.resolve();
    webhooks.after(stopAfter, () => {
      stoppedAt = performance.now();
      moving = postgres.stop('immediate');
    });
    webhooks.after(startAfter, () => {
      moving = moving.then(() => postgres.start());
      void moving.then(
        () => (startedAt = performance.now()),
        () => {},
      );
    });
    await webhooks.run(load);
    await moving;
    const loadEnd = performance.now();
    await world.until(() => judgeReplies(webhooks.deliveries, world.replies).lost.length === 0, SETTLE_SECONDS);
    const isSettled = await world.until(async () => (await world.leftToDo()) === 0, SETTLE_SECONDS);
    const verdict = judgeReplies(webhooks.deliveries, world.replies);
    const refused = load.total - webhooks.acknowledged.length;
    return {
      refused,
      summary:
        `PostgreSQL away for ${seconds(startedAt - stoppedAt)}, ${spool ? 'with' : 'without'} a spool: ` +
        `${webhooks.acknowledged.length} of ${load.total} webhooks acknowledged, the others: ` +
        `${JSON.stringify(webhooks.refusals)}; ${verdict.lost.length} without a reply, ` +
        `${verdict.doubled.length} replied to twice, ${verdict.overtaken.length} out of order; ` +
        `settled ${seconds(performance.now() - loadEnd)} after the last webhook`,
      problems: [
        ...problemsOf(verdict),
        ...(isSettled ? [] : ['something was left to do']),
        ...(spool && refused > 0 ? [`${refused} were not acknowledged, in spite of the spool`] : []),
      ],
    };
  });
}
