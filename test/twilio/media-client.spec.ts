import { ManualClock } from '../../src/common/manual-clock';
import { systemClock } from '../../src/common/clock';
import { MediaClient, type MediaRequest } from '../../src/whatsapp-twilio/twilio/media-client';
import { type FakeHttpServer, type RecordedRequest, startFakeHttpServer } from '../support/fake-http-server';
import type { ServerResponse } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';

const accountSid = `AC${'1'.repeat(32)}`;
const messageSid = `MM${'2'.repeat(32)}`;
const path = `/2010-04-01/Accounts/${accountSid}/Messages/${messageSid}/Media/ME${'3'.repeat(32)}`;

describe('The media client', () => {
  let answer: (request: RecordedRequest, response: ServerResponse) => void;
  let server: FakeHttpServer;
  let client: MediaClient;

  beforeEach(async () => {
    server = await startFakeHttpServer((request, response) => answer(request, response));
    client = new MediaClient({ baseUrl: server.origin, clock: systemClock, maxBytes: 10 });
  });
  afterEach(async () => {
    client.close();
    await server.close();
  });

  const open = (overrides: Partial<MediaRequest> = {}) =>
    client.open({
      url: server.origin + path,
      accountSid,
      messageSid,
      credentials: { username: accountSid, password: 'a-token' },
      ...overrides,
    });
  async function read(file: Awaited<ReturnType<typeof open>>): Promise<string> {
    let text = '';
    for await (const chunk of file.stream) text += String(chunk);
    return text;
  }

  it('gives credentials to the API, and to nobody a redirect leads to', async () => {
    answer = ({ url }, response) =>
      url.pathname === '/cdn'
        ? response.writeHead(200, { 'content-type': 'image/png' }).end('bytes')
        : response.writeHead(302, { location: '/cdn' }).end();
    const file = await open();
    expect(file.contentType).toBe('image/png');
    expect(await read(file)).toBe('bytes');
    expect(server.requests.map(({ headers }) => headers.authorization !== undefined)).toEqual([true, false]);
  });

  it.each([
    ['another host', () => `https://evil.example.com${path}`],
    ['another message', () => server.origin + path.replace(messageSid, `MM${'4'.repeat(32)}`)],
    ['another account', () => server.origin + path.replace(accountSid, `AC${'4'.repeat(32)}`)],
    ['something else', () => 'file:///etc/passwd'],
  ])('asks nobody for a file of %s', async (_what, url) => {
    await expect(open({ url: url() })).rejects.toMatchObject({ code: 'MEDIA_NOT_AT_TWILIO' });
    expect(server.requests).toEqual([]);
  });

  it('follows no redirect to elsewhere, and none without end', async () => {
    answer = (_request, response) => response.writeHead(302, { location: 'http://169.254.169.254/' }).end();
    await expect(open()).rejects.toMatchObject({ code: 'MEDIA_NOT_AT_TWILIO' });
    answer = (_request, response) => response.writeHead(302, { location: '/again' }).end();
    await expect(open()).rejects.toMatchObject({ code: 'MEDIA_UNAVAILABLE' });
  });

  it('looks again for a file that is not there yet, after one and three seconds', async () => {
    const clock = new ManualClock();
    client = new MediaClient({ baseUrl: server.origin, clock });
    answer = (_request, response) => {
      if (server.requests.length === 3) response.writeHead(200, { 'content-type': 'text/plain' }).end('there');
      else {
        response.writeHead(404).end();
        response.once('close', () => setImmediate(() => clock.advance('3s')));
      }
    };
    const opening = open();
    const moving = setInterval(() => clock.advance('3s'), 5);
    expect(await read(await opening)).toBe('there');
    clearInterval(moving);
  });

  it.each([
    [404, 'MEDIA_GONE'],
    [401, 'MEDIA_REFUSED'],
    [500, 'MEDIA_UNAVAILABLE'],
  ])('says of HTTP %s that it is %s', async (status, code) => {
    const clock = new ManualClock();
    client = new MediaClient({ baseUrl: server.origin, clock });
    answer = (_request, response) => response.writeHead(status).end('<html>');
    const moving = setInterval(() => clock.advance('3s'), 5);
    await expect(open()).rejects.toMatchObject({ code });
    clearInterval(moving);
  });

  it('passes on no more than it may, whether the size was announced or not', async () => {
    answer = (_request, response) => response.writeHead(200, { 'content-length': '11' }).end('01234567890');
    await expect(open()).rejects.toMatchObject({ code: 'MEDIA_TOO_LARGE' });
    answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'image/png' });
      response.write('0123456');
      response.end('7890123');
    };
    await expect(open().then(read)).rejects.toMatchObject({ code: 'MEDIA_TOO_LARGE' });
  });

  it.each([
    ['of a length that is told', (size: number) => [`content-length: ${size}\r\n\r\n`, '']],
    ['in chunks', (size: number) => [`transfer-encoding: chunked\r\n\r\n${size.toString(16)}\r\n`, '\r\n0\r\n\r\n']],
    ['that ends with its connection', () => ['\r\n', '']],
  ])('gives all of a file %s to who reads slowly, though the server hangs up', async (_what, framing) => {
    const size = 256 * 1024;
    const [head = '', tail = ''] = framing(size);
    const bytes = createServer((socket) => {
      socket
        .on('error', () => {})
        .once('data', () => {
          socket.write(`HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: image/png\r\n${head}`);
          socket.write(Buffer.alloc(size));
          socket.end(tail);
        });
    });
    const origin = await new Promise<string>((resolve) => {
      bytes.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(bytes.address() as AddressInfo).port}`));
    });
    client = new MediaClient({ baseUrl: origin, clock: systemClock });
    const { stream } = await open({ url: origin + path });
    let read = 0;
    for await (const chunk of stream) {
      read += (chunk as Buffer).length;
      // So that all the rest is there, and the end of the connection behind it.
      for (let turn = 0; turn < 30; turn++) await new Promise(setImmediate);
    }
    expect(read).toBe(size);
    bytes.close();
  });

  it('says when less came than was told', async () => {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': '10' });
      response.write('0123');
      setImmediate(() => response.destroy());
    };
    await expect(open().then(read)).rejects.toMatchObject({ code: 'MEDIA_UNAVAILABLE' });
  });

  it('leaves nothing open when who asked goes away', async () => {
    const gone = new AbortController();
    const closed = new Promise<void>((resolve) => {
      answer = (_request, response) => {
        response.writeHead(200, { 'content-type': 'image/png' });
        response.write('0123');
        response.once('close', resolve);
      };
    });
    await open({ signal: gone.signal });
    gone.abort();
    await closed;
  });
});
