import { type PostgresServer, startPostgres } from '../support/postgres';
import { startService, type ServiceHost } from '../support/service-host';

describe('The service while PostgreSQL is away', () => {
  let postgres: PostgresServer;
  let service: ServiceHost;
  beforeAll(async () => {
    postgres = await startPostgres();
    service = await startService({ variables: { DATABASE_URL: postgres.url } });
  });
  afterAll(async () => {
    await service.close();
    await postgres.remove();
  });

  const probes = async () => {
    const answers = await Promise.all(
      ['live', 'startup', 'ready'].map((name) => service.call('GET', `/health/${name}`)),
    );
    return answers.map(({ status }) => status);
  };

  it('lives, is not ready, says so to who asks, and is ready again by itself', async () => {
    expect(await probes()).toEqual([200, 200, 200]);
    await postgres.stop();
    let seen = await probes();
    while (seen[2] === 200) seen = await probes();
    expect(seen).toEqual([200, 200, 503]);
    for (const [method, path, body] of [
      ['GET', '/v1/messages', undefined],
      ['GET', '/v1/messages/none', undefined],
      ['GET', '/v1/events', undefined],
      ['GET', '/v1/connections', undefined],
      ['POST', '/v1/messages', { to: '+15551230001', text: 'hi' }],
    ] as const) {
      const answer = await service.call(method, path, { body });
      expect({ path, status: answer.status, body: answer.body }).toMatchObject({
        status: 503,
        body: { code: 'STORAGE_UNREACHABLE', requestId: expect.any(String) },
      });
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    const metrics = await service.call<string>('GET', '/metrics');
    expect(metrics.status).toBe(200);
    expect(metrics.body).toMatch(/^whatsapp_api_requests_total\{.*status="503"\} [1-9]/m);
    expect(metrics.body).not.toMatch(/^whatsapp_(queue_depth|budget_used_ratio)/m);
    await postgres.start();
    while (seen[2] === 503) seen = await probes();
    expect(seen).toEqual([200, 200, 200]);
    const sent = await service.call('POST', '/v1/messages', { body: { to: '+15551230001', text: 'hi' } });
    expect(sent.status).toBe(202);
  });
});
