import { engines } from '../support/storages';
import { budget } from './scenarios/budget';
import { bulk } from './scenarios/bulk';
import { addressOf, WebhookLoad } from './webhook-load';
import { inWorld } from './world';

// Real processes, for a few seconds; the long forms are run by `npm run test:chaos`.

it('requests that are refused, fail, are cut off or go unanswered lose no message, double none and keep the order', async () => {
  const { problems } = await budget({
    engine: 'postgres',
    processes: 2,
    messages: 90,
    conversations: 30,
    rpm: 600,
    rates: { '429': 0.05, '500': 0.03, hang: 0.03, reset: 0.03 },
    settleAfterMs: 1000,
  });
  expect(problems).toEqual([]);
}, 90_000);

it('processes that share an account share its budget, whatever wakes them', async () => {
  const rpm = 40;
  await inWorld(
    { engine: 'postgres', processes: 2, module: { rateLimit: { rpm } }, limitSeconds: 60 },
    async (world) => {
      const messages = Array.from({ length: 3 * rpm }, (_, user) => ({ to: addressOf(100 + user), text: 'bulk' }));
      await Promise.all(world.apps.map((app) => app.send(messages)));
      expect(await world.until(() => world.replies.length >= rpm, 30)).toBe(true);
      // Each of these is handled and its reply queued, which has both processes look at the outbox again.
      const webhooks = new WebhookLoad(world);
      await webhooks.run({ total: 20, users: 10 });
      expect(await world.until(() => webhooks.acknowledged.every(({ sid }) => world.handled.has(sid)), 30)).toBe(true);
      expect(world.replies).toHaveLength(rpm);
    },
  );
}, 90_000);

it.each(engines)(
  'replies leave though bulk messages before them have used up their minute: %s',
  async (engine) => {
    const { problems } = await bulk({ engine, rpm: 50, bulk: 300, replies: 4, within: 25 });
    expect(problems).toEqual([]);
  },
  90_000,
);
