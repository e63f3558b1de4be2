import { outage } from './scenarios/outage';

// Real processes and real signals, for a few seconds; the long form is run by `npm run test:chaos`.

it('what was acknowledged is answered after PostgreSQL crashed, and with a spool nothing is refused', async () => {
  const { problems } = await outage({ spool: true, load: { total: 150, users: 10 }, stopAfter: 50, startAfter: 100 });
  expect(problems).toEqual([]);
}, 90_000);

it('without a spool webhooks are refused while PostgreSQL is away, and none that was acknowledged is lost', async () => {
  const { problems, refused } = await outage({
    spool: false,
    load: { total: 150, users: 10 },
    stopAfter: 50,
    startAfter: 100,
  });
  expect(problems).toEqual([]);
  expect(refused).toBeGreaterThan(0);
}, 90_000);
