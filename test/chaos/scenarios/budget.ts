import { SeededRandom } from '../../../src/emulator/random';
import { type Holds, idealDurationMs } from '../ideal-schedule';
import { groupBy, mostWithin, outOfOrder } from '../judge';
import { type Finding, type ScenarioOptions, seconds } from '../scenario';
import type { Fate } from '../twilio-front';
import { addressOf } from '../webhook-load';
import { inWorld } from '../world';

export interface BudgetOptions extends ScenarioOptions {
  readonly processes: number;
  readonly messages: number;
  readonly conversations: number;
  readonly rpm: number;
  /** How often each goes wrong, from 0 to 1. */
  readonly rates: Readonly<Partial<Record<Fate, number>>>;
  /** The module's `reconciliation.settleAfterMs`. Default its own. */
  readonly settleAfterMs?: number;
  /** By how much it may take longer than the ideal: 0.05 for 5 %. Default: it may take its time. */
  readonly tolerance?: number;
  readonly seed?: number;
}

const WINDOW_MS = 60_000;
/** A request whose connection was cut, or that Twilio answered with 500, was not carried out if it is not listed after this. */
const CUT_OFF_SETTLE_MS = 3000;
const ANSWERED_SETTLE_MS = 2000;
const RETRY_AFTER_MS = 1000;

/**
 * One account's messages through several processes while requests are refused, fail, are cut off and go unanswered:
 * never more than the budget in any minute, counted as they arrive, each message taken once, in the order of its
 * conversation, and none of the time wasted.
 */
export function budget(options: BudgetOptions): Promise<Finding> {
  const { engine, signal, shared, processes, messages, conversations, rpm, settleAfterMs, tolerance } = options;
  const front = { fateOf: fatesBy(options.seed ?? 1, options.rates) };
  const module = { rateLimit: { rpm }, ...(settleAfterMs !== undefined && { reconciliation: { settleAfterMs } }) };
  return inWorld({ engine, signal, shared, processes, front, module, limitSeconds: 145 }, async (world) => {
    const list = Array.from({ length: messages }, (_, number) => ({
      to: addressOf(number % conversations),
      text: String(number),
    }));
    const ofProcess = groupBy(list, ({ text }) => (Number(text) % conversations) % processes);
    await Promise.all([...ofProcess].map(([process, mine]) => world.apps[process]!.send(mine)));
    // The storage is left alone until there can be nothing more to do.
    const isTaken = () => world.replies.length >= messages;
    const isDone = await world.until(async () => isTaken() && (await world.leftToDo()) === 0, 130);

    const { arrivals } = world.front!;
    const times = arrivals.map(({ at }) => at);
    const took = Math.max(...world.replies.map(({ at }) => at)) - times[0]!;
    const most = mostWithin(times, WINDOW_MS);
    const taken = groupBy(world.replies, ({ text }) => text);
    const doubled = [...taken.values()].filter((ofOne) => ofOne.length > 1).length;
    const overtaken = outOfOrder(world.replies, Number).length;
    const attempts = groupBy(arrivals, ({ text }) => text);
    const holds: Holds = {
      taken: 0,
      hang: 0, // its callback tells that it was taken
      '429': RETRY_AFTER_MS,
      '500': Math.min(ANSWERED_SETTLE_MS, settleAfterMs ?? Infinity),
      reset: Math.min(CUT_OFF_SETTLE_MS, settleAfterMs ?? Infinity),
    };
    const faultless = idealDurationMs(
      list.map(({ to }) => ({ conversation: to, fates: ['taken'] })),
      rpm,
      holds,
    );
    const ideal = idealDurationMs(
      list.map(({ to, text }) => ({ conversation: to, fates: (attempts.get(text) ?? []).map(({ fate }) => fate) })),
      rpm,
      holds,
    );
    const struck = [...groupBy(arrivals, ({ fate }) => fate)].map(([fate, ofOne]) => `${ofOne.length} ${fate}`);
    return {
      summary:
        `${messages} messages through ${processes} processes: ${arrivals.length} requests (${struck.join(', ')}), at most ` +
        `${most} in 60 s; ${messages - taken.size} not taken, ${doubled} doubled, ${overtaken} out of order; ` +
        `${seconds(took)}: ideal ${seconds(ideal)} with these faults (× ${(took / ideal).toFixed(3)}), ` +
        `${seconds(faultless)} without (× ${(took / faultless).toFixed(3)})`,
      problems: [
        ...(most <= rpm ? [] : [`${most} requests arrived within 60 s`]),
        ...(taken.size === messages ? [] : [`${messages - taken.size} were not taken`]),
        ...(doubled === 0 ? [] : [`${doubled} were taken more than once`]),
        ...(overtaken === 0 ? [] : [`${overtaken} came after a later one of their conversation`]),
        ...(isDone ? [] : ['not all was done within 130 s']),
        ...(tolerance === undefined || took <= ideal * (1 + tolerance)
          ? []
          : [`it took ${(took / ideal).toFixed(3)} of the ideal`]),
      ],
    };
  });
}

/** The same seed gives the same fate to the same request, whenever and through whichever process it comes. */
function fatesBy(seed: number, rates: BudgetOptions['rates']): (text: string, attempt: number) => Fate {
  return (text, attempt) => {
    let dice = new SeededRandom(seed * 1_000_003 + Number(text) * 101 + attempt).next();
    for (const [fate, rate] of Object.entries(rates) as [Fate, number][]) {
      if (dice < rate) return fate;
      dice -= rate;
    }
    return 'taken';
  };
}
