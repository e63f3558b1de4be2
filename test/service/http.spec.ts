import { once } from 'node:events';
import { connect } from 'node:net';
import { startService, type ServiceHost } from '../support/service-host';

const ANA = '+15551230001';

interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
  readonly requestId: string;
}

describe('Whatever comes over HTTP', () => {
  let service: ServiceHost;
  beforeEach(async () => {
    service = await startService();
  });
  afterEach(() => service.close());

  const post = (body: string, contentType: string) =>
    service.call<Problem>('POST', '/v1/messages', { body, headers: { 'content-type': contentType } });

  /** Sends bytes as they are, and resolves with all that is answered until the connection ends. */
  async function answerTo(bytes: string): Promise<string> {
    const socket = connect(Number(new URL(service.url).port), '127.0.0.1').setEncoding('latin1');
    let text = '';
    socket.on('data', (chunk) => (text += chunk)).write(bytes, 'latin1');
    await once(socket, 'close');
    return text;
  }

  it.each([
    ['application/x-www-form-urlencoded', '{ "to": "+15551230001", "text": "a secret" }'],
    ['application/x-www-form-urlencoded', 'to=%2B15551230001&text=a+secret'],
    ['text/plain', '{ "to": "+15551230001", "text": "a secret" }'],
  ])('a body that is said to be %s is none of the API, and not repeated', async (type, body) => {
    const { status, body: problem } = await post(body, type);
    expect(status).toBe(415);
    expect(problem.detail).toContain('Content-Type: application/json');
    expect(JSON.stringify(problem)).not.toContain('secret');
    expect((await service.call<{ messages: object[] }>('GET', '/v1/messages')).body.messages).toEqual([]);
  });

  it('a type without a body is no harm', async () => {
    await service.twilio.phone(ANA).sends('hi');
    const path = `/v1/conversations/${encodeURIComponent(ANA)}/typing`;
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    expect((await service.call('POST', path, { headers })).status).toBe(204);
  });

  it('an empty or too large body is refused in words that help', async () => {
    expect(await post('', 'application/json')).toMatchObject({
      status: 400,
      body: { code: 'INVALID_JSON', detail: expect.stringContaining('leave out Content-Type') },
    });
    expect(await post(`"${'a'.repeat(1024 * 1024)}"`, 'application/json')).toMatchObject({
      status: 413,
      body: { code: 'PAYLOAD_TOO_LARGE', detail: expect.stringContaining('1 MiB') },
    });
  });

  it('another method is told which there are', async () => {
    const { status, body, headers } = await service.call<Problem>('PUT', '/v1/messages');
    expect({ status, code: body.code }).toEqual({ status: 405, code: 'METHOD_NOT_ALLOWED' });
    expect(headers.get('allow')!.split(', ').toSorted()).toEqual(['GET', 'HEAD', 'POST']);
    expect((await service.call('DELETE', '/v1/nothing')).status).toBe(404);
  });

  it('an address that cannot be read is a problem as all others, and not repeated', async () => {
    for (const [path, status, code] of [
      ['/v1/conversations/%ff15551230001', 400, 'INVALID_URL'],
      [`/v1/conversations/${'15551230001'.repeat(50)}`, 414, 'URI_TOO_LONG'],
    ] as const) {
      const answer = await service.call<Problem>('GET', path);
      expect(answer).toMatchObject({ status, body: { code } });
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      expect(answer.body.requestId).toBe(answer.headers.get('x-request-id'));
      expect(JSON.stringify(answer.body)).not.toContain('15551230001');
    }
  });

  it.each([
    ['no request', 'nonsense\r\n\r\n', 400, 'BAD_REQUEST'],
    ['too many headers', `GET / HTTP/1.1\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`, 431, 'REQUEST_HEADER_FIELDS_TOO_LARGE'],
  ])('%s is a problem as all others', async (_what, bytes, status, code) => {
    const [head = '', body = ''] = (await answerTo(bytes)).split('\r\n\r\n');
    expect(head).toContain(`HTTP/1.1 ${status} `);
    expect(head).toContain('application/problem+json');
    expect(JSON.parse(body)).toMatchObject({ status, code, requestId: expect.any(String) });
  });

  it('one field has one complaint', async () => {
    const { body } = await service.call<Problem>('GET', '/v1/messages?limit=many');
    expect(body.errors).toEqual([{ field: 'limit', code: 'invalid', message: 'limit must be a whole number.' }]);
  });

  it('HEAD is answered as GET is, without the body and without a stream', async () => {
    const get = await service.call('GET', '/v1/messages');
    const head = await service.call('HEAD', '/v1/messages');
    expect(head.headers.get('etag')).toBe(get.headers.get('etag'));
    for (let n = 0; n < 12; n++) expect((await service.call('HEAD', '/v1/events')).status).toBe(200);
  });
});
