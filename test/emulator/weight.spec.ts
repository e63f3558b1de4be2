import { join } from 'node:path';
import { runInChildProcess } from '../support/child-process';
import { type Bench, startBench } from './bench';

const USER = 'whatsapp:+15551230001';

describe('A local Twilio is light', () => {
  let bench: Bench | undefined;
  afterEach(() => bench?.stop());

  it('loads no package but the HTTP client', async () => {
    const loaded: unknown = JSON.parse(await runInChildProcess(join(__dirname, 'loaded-packages.ts')));
    expect(loaded).toEqual(['undici']);
  });

  it('forgets the oldest messages, users and requests beyond what it shall keep', async () => {
    bench = await startBench({ keep: { messages: 3, users: 2, requests: 2 } });
    for (let user = 1; user <= 4; user += 1) await bench.twilio.phone(`+1555123000${user}`).sends(`from ${user}`);
    expect(bench.twilio.messages.map(({ body }) => body)).toEqual(['from 2', 'from 3', 'from 4']);
    expect(bench.twilio.requests).toHaveLength(2);
    expect((await bench.client.messages.list()).map(({ body }) => body)).toEqual(['from 4', 'from 3', 'from 2']);
    expect(await bench.client.messages.list({ from: USER })).toEqual([]);
  });
});
