import { parseApiKeys } from '../../src/service/auth/api-keys';
import { GuessLock } from '../../src/service/auth/guess-lock';
import { readServiceConfiguration } from '../../src/service/service-configuration';
import { ManualClock } from '../../src/common/manual-clock';
import { startService, type ServiceHost } from '../support/service-host';
import { engines, useStorage } from '../support/storages';

const ANA = '+15551230001';

interface Problem {
  readonly code: string;
  readonly detail: string;
}

describe('API keys', () => {
  it('are refused with what is wrong, and without a secret', () => {
    const problems = {
      '': 'at least one',
      'no-secret': 'the first is none',
      'a:s3cr3t,:x': 'the second is none',
      'a[fly]:s3cr3t': 'scopes of a',
      'a[admin@x]:s3cr3t': 'scopes of a',
      'a:s3cr3t,a:other': 'two keys that are called a',
      'a:s3cr3t,b:s3cr3t': 'the same secret for a and b',
      'system:s3cr3t': 'called system',
      'Anonymous[read]:s3cr3t': 'called Anonymous',
    };
    for (const [text, problem] of Object.entries(problems)) {
      const parsed = parseApiKeys(text);
      expect(parsed).toEqual({ problem: expect.stringContaining(problem) });
      expect(JSON.stringify(parsed)).not.toContain('s3cr3t');
    }
  });

  it('are not shown by what holds them', () => {
    const parsed = parseApiKeys('app:a:secret,shop[read write@shop]:other');
    expect(parsed).toMatchObject({ keys: [{ name: 'app' }, { name: 'shop' }] });
    expect(JSON.stringify(parsed)).not.toContain('hash');
  });

  it('have to be there for the service to start', () => {
    const environment: Record<string, string> = {
      TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
      TWILIO_AUTH_TOKEN: 'a-token',
    };
    const read = () => readServiceConfiguration((name) => environment[name]);
    expect(read).toThrow(/API_KEYS is missing.*API_AUTH=none/);
    environment['API_AUTH'] = 'none';
    expect(read).not.toThrow();
  });
});

describe('Guessing', () => {
  it('is not listened to after ten wrong secrets, for a minute, from that address alone', () => {
    const clock = new ManualClock();
    const lock = new GuessLock(clock);
    for (let n = 0; n < 9; n++) lock.wrong('a');
    expect(lock.lockedFor('a')).toBe(0);
    lock.wrong('a');
    expect(lock.lockedFor('a')).toBe(60_000);
    expect(lock.lockedFor('b')).toBe(0);
    clock.advance('1m');
    expect(lock.lockedFor('a')).toBe(0);
  });
});

describe('The API', () => {
  let service: ServiceHost;
  afterEach(() => service.close());

  const start = (keys: string, variables: Record<string, string> = {}) =>
    startService({ variables: { API_KEYS: keys, ...variables } }).then((started) => (service = started));

  const send = (secret: string) =>
    service.call<Problem & { id: string }>('POST', '/v1/messages', { secret, body: { to: ANA, text: 'hi' } });

  it('is for those who have a key; probes, metrics, documentation and webhooks are for all', async () => {
    await start('app:a-long-enough-secret');
    const none = await service.call<Problem>('GET', '/v1/messages');
    expect(none).toMatchObject({ status: 401, body: { code: 'UNAUTHORIZED' } });
    expect(none.headers.get('www-authenticate')).toContain('Bearer');
    const wrong = await service.call<Problem>('GET', '/v1/messages', { secret: 'wrong' });
    expect({ ...wrong.body, requestId: '' }).toEqual({ ...none.body, requestId: '' });
    expect((await service.call('GET', '/v1/messages', { secret: 'a-long-enough-secret' })).status).toBe(200);
    for (const path of ['/health/live', '/health/ready', '/health/startup', '/metrics', '/docs', '/openapi.json']) {
      expect([path, (await service.call('GET', path)).status]).toEqual([path, 200]);
    }
    await service.twilio.phone(ANA).sends('hi');
    const list = await service.call<{ messages: object[] }>('GET', '/v1/inbound-messages', {
      secret: 'a-long-enough-secret',
    });
    expect(list.body.messages).toHaveLength(1);
  });

  it('tells who guesses to stop', async () => {
    await start('app:a-long-enough-secret');
    for (let n = 0; n < 10; n++) await service.call('GET', '/v1/messages', { secret: `guess-${n}` });
    const locked = await service.call<Problem>('GET', '/v1/messages', { secret: 'a-long-enough-secret' });
    expect(locked).toMatchObject({ status: 429, body: { code: 'TOO_MANY_WRONG_KEYS' } });
    expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await service.call('GET', '/health/live')).status).toBe(200);
  });

  it('lets a key do what it is for, and says what it is not for', async () => {
    await start('reader[read]:secret-of-reader,other[read@other write@other]:secret-of-other,all:secret-of-all');
    expect(await send('secret-of-reader')).toMatchObject({
      status: 403,
      body: { code: 'FORBIDDEN', detail: expect.stringContaining('reader') },
    });
    expect(await send('secret-of-other')).toMatchObject({
      status: 403,
      body: { detail: expect.stringContaining('write for the connection default') },
    });
    const { status, body } = await send('secret-of-all');
    expect(status).toBe(202);
    const read = (secret: string, path = `/v1/messages/${body.id}`) =>
      service.call<{ messages: object[] }>('GET', path, { secret });
    expect((await read('secret-of-reader')).status).toBe(200);
    expect((await read('secret-of-other')).status).toBe(404);
    expect((await read('secret-of-other', '/v1/messages')).body.messages).toEqual([]);
    expect((await read('secret-of-other', '/v1/messages?connection=default')).status).toBe(403);
    expect((await read('secret-of-other', '/v1/dead-letters')).status).toBe(403);
  });
});

describe.each(engines)('The limit of a key on %s', (engine) => {
  const storage = useStorage(engine);

  it('holds for all replicas together, and not for other keys, probes and webhooks', async () => {
    const variables = {
      DATABASE_URL: storage.url,
      API_KEYS: 'one:the-first-secret,two:the-second-secret',
      API_RATE_LIMIT_RPM: '5',
    };
    const first = await startService({ variables });
    const replicas =
      engine === 'postgres' ? [first, await startService({ variables, twilio: first.twilio })] : [first, first];
    try {
      // A minute may end in between; then there is room for as many again.
      const statuses: number[] = [];
      for (let n = 0; n < 12; n++) {
        statuses.push((await replicas[n % 2]!.call('GET', '/v1/messages', { secret: 'the-first-secret' })).status);
      }
      expect(statuses.filter((status) => status === 200).length).toBeLessThanOrEqual(10);
      const refused = await first.call<Problem>('GET', '/v1/messages', { secret: 'the-first-secret' });
      expect([200, 429]).toContain(refused.status);
      expect(statuses).toContain(429);
      expect((await first.call('GET', '/v1/messages', { secret: 'the-second-secret' })).status).toBe(200);
      expect((await first.call('GET', '/health/live')).status).toBe(200);
    } finally {
      for (const replica of new Set(replicas.toReversed())) await replica.close();
    }
  });
});
