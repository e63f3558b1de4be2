import { engines } from '../support/storages';
import { kill } from './scenarios/kill';

// Real processes and real signals, for a few seconds; the long form is run by `npm run test:chaos`.

it.each(engines)(
  'what was acknowledged before a SIGKILL is answered after it, once: %s',
  async (engine) => {
    const load = { total: 160, users: 12 };
    const { problems, kills } = await kill({ engine, load, killEvery: 80, settleAfterMs: 1000 });
    expect(problems).toEqual([]);
    expect(kills).toBe(2);
  },
  90_000,
);
