import { judgeReplies, problemsOf } from '../judge';
import { type Finding, type ScenarioOptions, seconds } from '../scenario';
import { type Load, WebhookLoad } from '../webhook-load';
import { inWorld } from '../world';

export interface KillOptions extends ScenarioOptions {
  readonly load: Load;
  /** The app is killed after so many webhooks, and again so many after it has started. */
  readonly killEvery: number;
  /** The module's `reconciliation.settleAfterMs`. Default its own. */
  readonly settleAfterMs?: number;
  /** So long after the last start something may be left to do. Default 30. */
  readonly settleSeconds?: number;
}

/** What is late is waited for all the same, to tell it from what is lost. */
const LATE_SECONDS = 60;

/**
 * Webhooks arrive while the app is killed (SIGKILL) again and again and started again. What was acknowledged is
 * answered, once, and nothing is left to do 30 s after the last start.
 */
export function kill(options: KillOptions): Promise<Finding & { readonly kills: number }> {
  const { engine, signal, shared, load, killEvery, settleAfterMs, settleSeconds = 30 } = options;
  const module = settleAfterMs === undefined ? {} : { reconciliation: { settleAfterMs } };
  return inWorld({ engine, signal, shared, module, limitSeconds: 165 }, async (world) => {
    const [app] = world.apps;
    const webhooks = new WebhookLoad(world);
    let kills = 0;
    let killing = Promise.resolve();
    const killLater = () => {
      webhooks.after(killEvery, () => {
        killing = app!.restart().then(async () => {
          kills++;
          await app!.ready;
          killLater();
        });
        killing.catch(() => {}); // it is awaited below
      });
    };
    killLater();
    await webhooks.run(load);
    await killing;
    await app!.ready;

    const lastStart = performance.now();
    const isAllDone = async () => (await world.leftToDo()) === 0;
    const isInTime = await world.until(isAllDone, settleSeconds);
    const left = isInTime ? 0 : await world.leftToDo();
    const isSettled = isInTime || (await world.until(isAllDone, LATE_SECONDS));
    const settledAfter = performance.now() - lastStart;
    const verdict = judgeReplies(webhooks.deliveries, world.replies);
    return {
      kills,
      summary:
        `${webhooks.acknowledged.length} of ${load.total} webhooks acknowledged, ` +
        `the others: ${JSON.stringify(webhooks.refusals)}; ${kills} kills; ` +
        `${verdict.lost.length} without a reply, ${verdict.doubled.length} replied to twice, ` +
        `${verdict.overtaken.length} out of order; ${isSettled ? 'settled' : 'not settled'} ${seconds(settledAfter)} after the last start`,
      problems: [
        ...problemsOf(verdict),
        ...(isInTime ? [] : [`${left} were left to do ${settleSeconds} s after the last start`]),
      ],
    };
  });
}
