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
