import { type Finding, type ScenarioOptions, seconds } from '../scenario';
import { addressOf, WebhookLoad } from '../webhook-load';
import { inWorld, type World } from '../world';

export interface BulkOptions extends ScenarioOptions {
  readonly rpm: number;
  readonly bulk: number;
  readonly replies: number;
  /** Seconds after the first bulk message at which the replies are asked for once more. Default: not again. */
  readonly againAfter?: number;
  /** Seconds within which all replies have to be at Twilio. */
  readonly within: number;
}

const BULK_USERS = 1_000_000;
const AT_ONCE = 1000;
const LIMIT_SECONDS = 30;

/** Replies that are queued behind thousands of bulk messages leave at once, also when those have used up their minute. */
export function bulk(options: BulkOptions): Promise<Finding> {
  const { engine, signal, shared, rpm, bulk: count, replies, againAfter, within } = options;
  return inWorld({ engine, signal, shared, module: { rateLimit: { rpm } }, limitSeconds: 145 }, async (world) => {
    const [app] = world.apps;
    for (let first = 0; first < count; first += AT_ONCE) {
      await app!.send(
        Array.from({ length: Math.min(AT_ONCE, count - first) }, (_, index) => ({
          to: addressOf(BULK_USERS + first + index),
          text: 'bulk',
          priority: 'bulk' as const,
        })),
      );
    }
    const share = Math.floor(rpm * 0.9);
    const isUsedUp = await world.until(() => bulkOf(world).length >= share, LIMIT_SECONDS);
    const first = await slowestReply(world, replies);
    const again: number[] = [];
    if (againAfter !== undefined) {
      const { at } = bulkOf(world)[0]!;
      await world.until(() => performance.now() - at > againAfter * 1000, againAfter);
      again.push(await slowestReply(world, replies));
    }
    const slowest = Math.max(first, ...again);
    return {
      summary:
        `${replies} replies behind ${count} bulk messages at ${rpm} a minute: the last left after ${seconds(first)}` +
        `${again.map((one) => `, in steady state after ${seconds(one)}`).join('')}; ` +
        `${bulkOf(world).length} bulk messages left meanwhile`,
      problems: [
        ...(isUsedUp ? [] : [`the bulk messages did not use their share within ${LIMIT_SECONDS} s`]),
        ...(slowest <= within * 1000 ? [] : [`a reply left after ${seconds(slowest)}`]),
      ],
    };
  });
}

/** Milliseconds from the acknowledged webhook to the reply at Twilio, of the slowest of so many that come at once. */
async function slowestReply(world: World, replies: number): Promise<number> {
  const webhooks = new WebhookLoad(world);
  await webhooks.run({ total: replies, users: replies });
  const leftAt = () => new Map(world.replies.map(({ text, at }) => [text, at]));
  await world.until(() => {
    const left = leftAt();
    return webhooks.acknowledged.every(({ sid }) => left.has(`re ${sid}`));
  }, LIMIT_SECONDS);
  const left = leftAt();
  const delays = webhooks.deliveries.map(({ sid, sentAt }) => (left.get(`re ${sid}`) ?? Infinity) - sentAt);
  return Math.max(...delays);
}

function bulkOf(world: World) {
  return world.replies.filter(({ text }) => text === 'bulk');
}
