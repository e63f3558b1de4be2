import { join } from 'node:path';
import { runInChildProcess } from '../support/child-process';
import { startBench } from './bench';

const USER = 'whatsapp:+15551230001';

describe('A local Twilio is light', () => {
  it('loads no package but the HTTP client', async () => {
    const loaded: unknown = JSON.parse(await runInChildProcess(join(__dirname, 'loaded-packages.ts')));
    expect(loaded).toEqual(['undici']);
  });

  it('forgets the oldest messages, users and requests beyond what it shall keep', async () => {
    const bench = await startBench({ keep: { messages: 3, users: 2, requests: 2 } });
    for (let user = 1; user <= 4; user += 1) await bench.twilio.phone(`+1555123000${user}`).sends(`from ${user}`);
    expect(bench.twilio.messages.map(({ body }) => body)).toEqual(['from 2', 'from 3', 'from 4']);
    expect(bench.twilio.requests).toHaveLength(2);
    expect((await bench.client.messages.list()).map(({ body }) => body)).toEqual(['from 4', 'from 3', 'from 2']);
    expect(await bench.client.messages.list({ from: USER })).toEqual([]);
    await bench.stop();
  });

  it('finds the page of one conversation among thousands of messages without looking at the others', async () => {
    const bench = await startBench();
    const { core } = bench.twilio as unknown as {
      core: { messages: { candidates(filter: object): { size: number } } };
    };
    const accountSid = bench.twilio.accountSid;
    for (let user = 0; user < 2000; user += 1)
      void bench.twilio.phone(`+1555123${String(user).padStart(4, '0')}`).sends('hi');
    await bench.twilio.settles();
    expect(core.messages.candidates({ accountSid }).size).toBe(2000);
    expect(core.messages.candidates({ accountSid, from: USER }).size).toBe(1);
    expect(await bench.client.messages.list({ from: USER })).toHaveLength(1);
    await bench.stop();
  });
});
