import { engines } from '../support/storages';
import { callbacks } from './scenarios/callbacks';
import { repeat } from './scenarios/repeat';
import { stuck } from './scenarios/stuck';

// Real processes, for a few seconds; the long forms are run by `npm run test:chaos`.

describe.each(engines)('On %s', (engine) => {
  it('a webhook that comes fifty times at once runs its handler once and is answered fifty times', async () => {
    const processes = engine === 'postgres' ? 2 : 1;
    const { problems } = await repeat({ engine, processes, webhooks: 5, times: 50 });
    expect(problems).toEqual([]);
  }, 60_000);

  it('status callbacks may come in any order, again, and before the answer to the request', async () => {
    const { problems } = await callbacks({ engine, messages: 120 });
    expect(problems).toEqual([]);
  }, 60_000);

  it('a handler that throws and one that hangs hold up their own conversations only', async () => {
    const { problems, tried } = await stuck({ engine, load: { total: 72, users: 12 } });
    expect(problems).toEqual([]);
    expect(tried).toBeGreaterThanOrEqual(2);
  }, 60_000);
});
