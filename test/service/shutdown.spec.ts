import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { Agent, request } from 'undici';
import { QuietConnections } from '../../src/service/http/quiet-connections';
import { startService } from '../support/service-host';

const ANA = '+15551230001';

describe('The end of the service', () => {
  it('cuts no request off, and loses no message that was accepted', async () => {
    const service = await startService();
    const agent = new Agent({ connections: 8 });
    let accepted = 0;
    let refused = 0;
    const failures: unknown[] = [];
    let isEnding = false;
    const client = async (): Promise<void> => {
      for (let n = 0; n < 1000; n++) {
        try {
          const { statusCode, body } = await request(`${service.url}/v1/messages`, {
            dispatcher: agent,
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ to: ANA, text: 'hi', outsideWindow: 'hold' }),
          });
          await body.dump();
          if (statusCode === 202) accepted++;
          else failures.push(statusCode);
        } catch (error) {
          const { code = '' } = error as { code?: string };
          // Nobody listens any more: a load balancer has long sent it elsewhere.
          if (isEnding && code === 'ECONNREFUSED') refused++;
          else failures.push(error);
          return;
        }
      }
    };
    const clients = Array.from({ length: 8 }, client);
    let stored = 0;
    const countStored = async () => {
      const row = await service.db
        .selectFrom('outbound_messages')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      stored = row.count;
    };
    while (accepted < 50) await new Promise((resolve) => setImmediate(resolve));
    isEnding = true;
    // The last that happens before the database is closed.
    const closed = once(service.app.getHttpServer(), 'close').then(countStored);
    await service.app.close();
    await Promise.all([...clients, closed]);
    await service.twilio.stop();
    await agent.close();
    expect(failures).toEqual([]);
    expect(refused).toBe(8);
    expect(stored).toBe(accepted);
  });

  it('is seen by who looks whether it is ready, before nobody listens any more', async () => {
    const service = await startService({ variables: { SHUTDOWN_DELAY_SECONDS: '1' } });
    // Nest's own type leaves out what its signal handlers pass.
    const close = service.app.close.bind(service.app) as (signal: string) => Promise<void>;
    const closed = close('SIGTERM');
    const fresh = { connection: 'close' };
    let ready = await service.call('GET', '/health/ready', { headers: fresh });
    while (ready.status === 200) ready = await service.call('GET', '/health/ready', { headers: fresh });
    expect(ready).toMatchObject({ status: 503, body: { status: 'shutting_down' } });
    const sent = await service.call('POST', '/v1/messages', { body: { to: ANA, text: 'hi' }, headers: fresh });
    expect(sent.status).toBe(202);
    expect(sent.headers.get('connection')).toBe('close');
    // It would outlive the last word that streams end.
    const stream = await service.call('GET', '/v1/events');
    expect(stream).toMatchObject({ status: 503, body: { code: 'SHUTTING_DOWN' } });
    await closed;
    await service.close();
  });

  it('does not wait for long for who does not read an answer', async () => {
    const server = createServer((_request, response) => response.end(Buffer.alloc(64 * 1024 * 1024)));
    const connections = new QuietConnections(server, 300);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(server, 'request');
    const closed = once(server, 'close');
    server.close();
    connections.end();
    await closed;
    socket.destroy();
  });

  it('does not wait for connections on which nothing was ever asked', async () => {
    const service = await startService();
    const socket = connect(Number(new URL(service.url).port), '127.0.0.1');
    await once(socket, 'connect');
    const ended = once(socket, 'close');
    socket.resume();
    await service.close();
    await ended;
  });
});
