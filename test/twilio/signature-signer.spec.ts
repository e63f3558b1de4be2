import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { getExpectedTwilioSignature, validateRequest, validateRequestWithBody } from 'twilio';
import { signWebhook, type SignedWebhook } from '../../src/testing/signer';
import { parseFormBody, verifyTwilioSignature } from '../../src/whatsapp-twilio/twilio/signature';

const AUTH_TOKEN = '0123456789abcdef0123456789abcdef';
const PARAMS = { MessageSid: 'SM1', Body: "It's 5 + 5 \u{1f600}\r\n", Empty: '', Repeated: ['b', 'a', 'b'] };

interface Received {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

describe('signWebhook', () => {
  let server: Server;
  let origin: string;
  let received: Received;

  beforeAll(async () => {
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        received = { url: origin + request.url, headers: request.headers, body: Buffer.concat(chunks) };
        response.end();
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : undefined}`;
  });

  afterAll(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });

  async function post({ url, headers, body }: SignedWebhook): Promise<string> {
    await fetch(url, { method: 'POST', headers, body });
    return String(received.headers['x-twilio-signature']);
  }

  it('makes a form that survives the way to a server', async () => {
    const signature = await post(signWebhook({ authToken: AUTH_TOKEN, url: `${origin}/hook?c='1'`, params: PARAMS }));
    const params = parseFormBody(received.body);
    expect([...params]).toEqual([
      ['MessageSid', 'SM1'],
      ['Body', PARAMS.Body],
      ['Empty', ''],
      ['Repeated', 'b'],
      ['Repeated', 'a'],
      ['Repeated', 'b'],
    ]);
    expect(verifyTwilioSignature({ signature, url: received.url, params }, AUTH_TOKEN)).toBe(true);
    expect(validateRequest(AUTH_TOKEN, signature, received.url, PARAMS)).toBe(true);
  });

  it('makes a JSON body with its hash in the URL', async () => {
    const json = { text: 'Zo\u00eb', list: [1, null] };
    const signature = await post(signWebhook({ authToken: AUTH_TOKEN, url: `${origin}/hook?a=1#rc=2`, json }));
    const body = received.body.toString();
    expect(JSON.parse(body)).toEqual(json);
    expect(received.headers['content-type']).toBe('application/json');
    const jsonRequest = { signature, url: received.url, jsonBody: received.body };
    expect(verifyTwilioSignature(jsonRequest, AUTH_TOKEN)).toBe(true);
    expect(validateRequestWithBody(AUTH_TOKEN, signature, received.url, body)).toBe(true);
  });

  it('sends the headers that Twilio sends', async () => {
    const token = '6f1f5a3a-8f4c-4d0e-9c2b-0d5f6b7a8c9d';
    await post(signWebhook({ authToken: AUTH_TOKEN, url: origin, params: PARAMS, idempotencyToken: token }));
    expect(received.headers).toMatchObject({
      'content-type': 'application/x-www-form-urlencoded',
      'i-twilio-idempotency-token': token,
      'user-agent': 'TwilioProxy/1.1',
    });
  });

  it('gives each delivery an idempotency token of its own', () => {
    const [first, second] = [1, 2].map(() => signWebhook({ authToken: AUTH_TOKEN, url: origin }));
    expect(first?.headers['i-twilio-idempotency-token']).toMatch(/^[0-9a-f-]{36}$/);
    expect(first?.headers['i-twilio-idempotency-token']).not.toBe(second?.headers['i-twilio-idempotency-token']);
  });

  it('posts to the URL that it signs: without fragment, user name and password', () => {
    const { url, headers } = signWebhook({ authToken: AUTH_TOKEN, url: 'https://me:pw@example.com/hook?a=1#rc=2' });
    expect(url).toBe('https://example.com/hook?a=1');
    expect(headers['x-twilio-signature']).toBe(getExpectedTwilioSignature(AUTH_TOKEN, url, {}));
  });

  it('signs text as it goes over the wire, where half a surrogate pair becomes the replacement character', () => {
    const params = { '\udc00': '\ud83d' };
    const { url, headers, body } = signWebhook({ authToken: AUTH_TOKEN, url: `${origin}/`, params });
    const signature = headers['x-twilio-signature'];
    expect(verifyTwilioSignature({ signature, url, params: parseFormBody(body) }, AUTH_TOKEN)).toBe(true);
  });
});
