import { engines } from '../support/storages';
import { kill } from './scenarios/kill';
import { outage } from './scenarios/outage';

// Real processes and real signals, for a few seconds; the long forms are run by `npm run test:chaos`.

it.each(engines)(
  'what was acknowledged before a SIGKILL is answered after it, once: %s',
  async (engine) => {
    const { problems, kills } = await kill({ engine, load: { total: 240, users: 12 }, killEvery: 80 });
    expect(problems).toEqual([]);
    expect(kills).toBe(3);
  },
  90_000,
);

it('what was acknowledged is answered after PostgreSQL crashed, and with a spool nothing is refused', async () => {
  const { problems } = await outage({ spool: true, load: { total: 300, users: 10 }, stopAfter: 100, startAfter: 200 });
  expect(problems).toEqual([]);
}, 90_000);

it('without a spool webhooks are refused while PostgreSQL is away, and none that was acknowledged is lost', async () => {
  const { problems, refused } = await outage({
    spool: false,
    load: { total: 300, users: 10 },
    stopAfter: 100,
    startAfter: 200,
  });
  expect(problems).toEqual([]);
  expect(refused).toBeGreaterThan(0);
}, 90_000);
