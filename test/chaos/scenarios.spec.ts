import { engines } from '../support/storages';
import { mostWithin } from './judge';
import { budget } from './scenarios/budget';
import { bulk } from './scenarios/bulk';
import { callbacks } from './scenarios/callbacks';
import { kill } from './scenarios/kill';
import { outage } from './scenarios/outage';
import { repeat } from './scenarios/repeat';
import { stuck } from './scenarios/stuck';
import { SharedParts } from './shared-parts';
import { addressOf, WebhookLoad } from './webhook-load';
import { inWorld } from './world';

// Real processes and real signals, for a few seconds each; the long forms are run by `npm run test:chaos`. Several run at
// the same time, as each of them waits for most of its own. How long anything takes is not judged here.

const LIMIT_MS = 150_000;
const shared = new SharedParts();
/** Its PostgreSQL crashes, which nobody else would like. */
const crashing = new SharedParts();

afterAll(() => Promise.all([shared.end(), crashing.end()]));

it.concurrent.each(engines)(
  'what was acknowledged before a SIGKILL is answered after it, once: %s',
  async (engine) => {
    const load = { total: 130, users: 12 };
    const { problems, kills } = await kill({
      engine,
      shared,
      load,
      killEvery: 40,
      settleAfterMs: 1000,
      settleSeconds: 75,
    });
    expect(problems).toEqual([]);
    expect(kills).toBeGreaterThanOrEqual(2);
  },
  LIMIT_MS,
);

it.concurrent(
  'what was acknowledged is answered after PostgreSQL crashed; with a spool nothing is refused, without one all is, meanwhile',
  async () => {
    const moments = { load: { total: 120, users: 10 }, stopAfter: 40, startAfter: 80 };
    const spooled = await outage({ shared: crashing, spool: true, ...moments });
    expect(spooled.problems).toEqual([]);
    const { problems, refused } = await outage({ shared: crashing, spool: false, ...moments });
    expect(problems).toEqual([]);
    expect(refused).toBeGreaterThan(0);
  },
  LIMIT_MS,
);

it.concurrent(
  'requests that are refused, fail, are cut off or go unanswered lose no message, double none and keep the order',
  async () => {
    const { problems } = await budget({
      engine: 'postgres',
      shared,
      processes: 2,
      messages: 90,
      conversations: 30,
      rpm: 600,
      rates: { '429': 0.05, '500': 0.03, hang: 0.03, reset: 0.03 },
      settleAfterMs: 1000,
    });
    expect(problems).toEqual([]);
  },
  LIMIT_MS,
);

it.concurrent(
  'processes that share an account share its budget, whatever wakes them',
  async () => {
    const rpm = 40;
    await inWorld(
      { engine: 'postgres', shared, processes: 2, module: { rateLimit: { rpm } }, limitSeconds: 120 },
      async (world) => {
        const messages = Array.from({ length: 3 * rpm }, (_, user) => ({ to: addressOf(100 + user), text: 'bulk' }));
        await Promise.all(world.apps.map((app) => app.send(messages)));
        expect(await world.until(() => world.replies.length >= rpm, 30)).toBe(true);
        // Each of these is handled and its reply queued, which has both processes look at the outbox again.
        const webhooks = new WebhookLoad(world);
        await webhooks.run({ total: 20, users: 10 });
        expect(await world.until(() => webhooks.acknowledged.every(({ sid }) => world.handled.has(sid)), 30)).toBe(
          true,
        );
        const times = world.replies.map(({ at }) => at);
        expect(mostWithin(times, 60_000)).toBe(rpm);
      },
    );
  },
  LIMIT_MS,
);

it.concurrent.each(engines)(
  'replies leave though bulk messages before them have used up their minute: %s',
  async (engine) => {
    const { problems } = await bulk({ engine, shared, rpm: 50, bulk: 300, replies: 4, within: 25 });
    expect(problems).toEqual([]);
  },
  LIMIT_MS,
);

it.concurrent.each(engines)(
  'a webhook that comes fifty times at once runs its handler once and is answered fifty times: %s',
  async (engine) => {
    const processes = engine === 'postgres' ? 2 : 1;
    const { problems } = await repeat({ engine, shared, processes, webhooks: 3, times: 50 });
    expect(problems).toEqual([]);
  },
  LIMIT_MS,
);

it.concurrent.each(engines)(
  'status callbacks may come in any order, again, and before the answer to the request: %s',
  async (engine) => {
    const { problems } = await callbacks({ engine, shared, messages: 80 });
    expect(problems).toEqual([]);
  },
  LIMIT_MS,
);

it.concurrent.each(engines)(
  'a handler that throws and one that hangs hold up their own conversations only: %s',
  async (engine) => {
    const { problems, tried } = await stuck({ engine, shared, load: { total: 60, users: 12 } });
    expect(problems).toEqual([]);
    expect(tried).toBeGreaterThanOrEqual(2);
  },
  LIMIT_MS,
);
