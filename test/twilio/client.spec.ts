import type { ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import twilio from 'twilio';
import { Agent } from 'undici';
import { ManualClock } from '../../src/common/manual-clock';
import { TwilioClient, type TwilioClientOptions } from '../../src/whatsapp-twilio/twilio/twilio-client';
import type { TwilioError } from '../../src/whatsapp-twilio/twilio/twilio-errors';
import { isTwilioError } from '../../src/whatsapp-twilio/twilio/twilio-errors';
import { json, type RecordedRequest, startFakeHttpServer, startTcpServer } from '../support/fake-http-server';
import {
  assertCreateRequest,
  assertListRequest,
  assertMessageList,
  assertMessageResource,
  assertUpdateRequest,
} from '../support/twilio-openapi';

const ACCOUNT = 'AC00000000000000000000000000000001';
const KEY = 'SK00000000000000000000000000000001';
const PASSWORD = 'pa55word-of-the-account';
const BASIC = Buffer.from(`${ACCOUNT}:${PASSWORD}`).toString('base64');
const MESSAGES = `/2010-04-01/Accounts/${ACCOUNT}/Messages.json`;
const TEXT = 'the private text of a message';

const sidOf = (number: number) => `SM${number.toString(16).padStart(32, '0')}`;

function message(number = 1, overrides: Record<string, unknown> = {}) {
  const sid = sidOf(number);
  const uri = `/2010-04-01/Accounts/${ACCOUNT}/Messages/${sid}`;
  return {
    sid,
    account_sid: ACCOUNT,
    messaging_service_sid: null,
    api_version: '2010-04-01',
    body: 'Hello',
    from: 'whatsapp:+15551234567',
    to: 'whatsapp:+15551230001',
    status: 'queued',
    direction: 'outbound-api',
    num_media: '0',
    num_segments: '1',
    price: null,
    price_unit: null,
    error_code: null,
    error_message: null,
    date_created: 'Thu, 24 Aug 2023 05:01:45 +0000',
    date_updated: 'Thu, 24 Aug 2023 05:01:45 +0000',
    date_sent: null,
    uri: `${uri}.json`,
    subresource_uris: { media: `${uri}/Media.json` },
    ...overrides,
  };
}

function page(messages: object[], next: string | null = null) {
  const first = `${MESSAGES}?PageSize=2&Page=0`;
  return {
    messages,
    first_page_uri: first,
    next_page_uri: next,
    previous_page_uri: null,
    uri: first,
    page: 0,
    page_size: 2,
    start: 0,
    end: messages.length,
  };
}

const form = (overrides: Record<string, string> = {}) =>
  new URLSearchParams({ From: 'whatsapp:+15551234567', To: 'whatsapp:+15551230001', Body: TEXT, ...overrides });

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(cleanups.splice(0).map((cleanup) => cleanup()));
});

async function fakeTwilio(answer: (request: RecordedRequest, response: ServerResponse) => void) {
  const server = await startFakeHttpServer(answer);
  cleanups.push(() => server.close());
  return server;
}

async function tcpServer(...args: Parameters<typeof startTcpServer>) {
  const server = await startTcpServer(...args);
  cleanups.push(() => server.close());
  return server;
}

function clientOf(baseUrl: string, options: Partial<TwilioClientOptions> = {}) {
  const client = new TwilioClient({ accountSid: ACCOUNT, username: ACCOUNT, password: PASSWORD, baseUrl, ...options });
  cleanups.push(() => client.close());
  return client;
}

/** The error of a call that must fail, after a look that it shows nothing private. */
async function failureOf(call: Promise<unknown>): Promise<TwilioError> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!isTwilioError(error)) throw new Error(`Not a TwilioError: ${inspect(error)}`);
  for (const shown of [inspect(error, { depth: 9, showHidden: true }), JSON.stringify(error), error.stack]) {
    for (const secret of [PASSWORD, BASIC, TEXT, '+15551230001', '15551234567']) expect(shown).not.toContain(secret);
  }
  return error;
}

describe('creating a message', () => {
  it('posts the form with basic credentials and reads the answer', async () => {
    const server = await fakeTwilio((_, response) => {
      const body = message(7, { price: '-0.00750', price_unit: 'USD', num_media: '2' });
      assertMessageResource(body);
      json(response, 201, body);
    });
    const created = await clientOf(server.origin, { userAgent: 'test/1' }).createMessage(
      form({ Body: 'Olá 👋 a+b&c=d' }),
    );

    expect(created).toEqual({
      sid: sidOf(7),
      accountSid: ACCOUNT,
      messagingServiceSid: null,
      status: 'queued',
      direction: 'outbound-api',
      from: 'whatsapp:+15551234567',
      to: 'whatsapp:+15551230001',
      body: 'Hello',
      numMedia: 2,
      numSegments: 1,
      price: '-0.00750',
      priceUnit: 'USD',
      errorCode: null,
      errorMessage: null,
      dateCreated: new Date('2023-08-24T05:01:45Z'),
      dateUpdated: new Date('2023-08-24T05:01:45Z'),
      dateSent: null,
    });
    const [request] = server.requests;
    expect(server.requests).toHaveLength(1);
    expect(request).toMatchObject({
      method: 'POST',
      url: { pathname: MESSAGES, search: '' },
      headers: {
        authorization: `Basic ${BASIC}`,
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
        'user-agent': 'test/1',
      },
    });
    const sent = new URLSearchParams(request?.body);
    assertCreateRequest(sent);
    expect(sent.get('Body')).toBe('Olá 👋 a+b&c=d');
  });

  it('repeats a key that has several values', async () => {
    const server = await fakeTwilio((_, response) => json(response, 201, message()));
    const params = form();
    params.append('MediaUrl', 'https://example.com/1.jpg');
    params.append('MediaUrl', 'https://example.com/2.jpg');
    await clientOf(server.origin).createMessage(params);
    const sent = new URLSearchParams(server.requests[0]?.body);
    assertCreateRequest(sent);
    expect(sent.getAll('MediaUrl')).toHaveLength(2);
  });

  it('authenticates with an API key where one is given', async () => {
    const server = await fakeTwilio((_, response) => json(response, 201, message()));
    await clientOf(server.origin, { username: KEY }).createMessage(form());
    const { authorization } = server.requests[0]!.headers;
    expect(authorization).toBe(`Basic ${Buffer.from(`${KEY}:${PASSWORD}`).toString('base64')}`);
  });

  it('keeps a status it does not know, and survives fields of other types', async () => {
    const odd = { status: 'teleported', error_code: '63016', num_media: 3, body: 5, date_sent: 'yesterday', price: 1 };
    const server = await fakeTwilio((_, response) => json(response, 201, message(1, odd)));
    expect(await clientOf(server.origin).createMessage(form())).toMatchObject({
      status: 'teleported',
      errorCode: 63016,
      numMedia: 3,
      body: null,
      dateSent: null,
      price: null,
    });
  });
});

describe('a refusal', () => {
  it('is an error of its class, with what Twilio says', async () => {
    const server = await fakeTwilio((_, response) =>
      json(
        response,
        400,
        { code: 21608, message: 'The number +15551230001 is unverified.', more_info: 'x', status: 400 },
        { 'Twilio-Request-Id': 'RQ0123456789abcdef0123456789abcdef' },
      ),
    );
    expect(await failureOf(clientOf(server.origin).createMessage(form()))).toMatchObject({
      code: 'TWILIO_INVALID_REQUEST',
      twilioCode: 21608,
      outcome: 'refused',
      action: 'fix-account',
      requestId: 'RQ0123456789abcdef0123456789abcdef',
    });
  });

  it.each([
    ['seconds', '30', 30_000],
    ['a date', 'Thu, 01 Jan 2026 00:00:45 GMT', 45_000],
  ])('for the rate carries the wait asked for in %s', async (_, header, expected) => {
    const server = await fakeTwilio((_request, response) =>
      json(response, 429, { code: 20429, message: 'Too Many Requests' }, { 'Retry-After': header }),
    );
    const client = clientOf(server.origin, { clock: new ManualClock('2026-01-01T00:00:00Z') });
    expect(await failureOf(client.createMessage(form()))).toMatchObject({
      code: 'TWILIO_RATE_LIMITED',
      outcome: 'refused',
      retryable: true,
      retryAfterMs: expected,
    });
    expect(server.requests).toHaveLength(1);
  });

  it('in HTML from a gateway leaves the message unknown, and is not repeated', async () => {
    const server = await fakeTwilio((_, response) => response.writeHead(502).end('<html>502 Bad Gateway</html>'));
    const client = clientOf(server.origin);
    expect(await failureOf(client.createMessage(form()))).toMatchObject({
      code: 'TWILIO_SERVER_ERROR',
      httpStatus: 502,
      outcome: 'unknown',
      retryable: false,
    });
    expect(await failureOf(client.fetchMessage(sidOf(1)))).toMatchObject({ retryable: true });
    expect(server.requests).toHaveLength(2);
  });

  it('whose body breaks off is a refusal all the same', async () => {
    const server = await fakeTwilio((_, response) => {
      response.writeHead(400, { 'content-length': '500' });
      response.write('{"code":21211', () => response.destroy());
    });
    expect(await failureOf(clientOf(server.origin).createMessage(form()))).toMatchObject({
      httpStatus: 400,
      outcome: 'refused',
    });
  });

  it('is read up to a bound', async () => {
    const server = await fakeTwilio((_, response) => {
      response.on('error', () => undefined);
      response.writeHead(400).end(Buffer.alloc(4 * 1024 * 1024, ' '));
    });
    expect(await failureOf(clientOf(server.origin).createMessage(form()))).toMatchObject({
      httpStatus: 400,
      outcome: 'refused',
    });
  });

  it('that quotes the request shows none of it', async () => {
    const server = await fakeTwilio(({ headers, body }, response) => {
      const echo = `${headers.authorization} ${new URLSearchParams(body).get('Body')} ${PASSWORD} whatsapp:+15551230001`;
      json(response, 400, { code: 21999, message: echo, detail: echo, errors: [{ detail: echo, pointer: echo }] });
    });
    await failureOf(clientOf(server.origin).createMessage(form()));
  });
});

describe('a success that is none', () => {
  it.each([
    ['cut JSON', 201, JSON.stringify(message()).slice(0, 60)],
    ['nothing', 201, ''],
    ['HTML', 200, '<html>Log in</html>'],
    ['no SID', 201, JSON.stringify(message(1, { sid: null }))],
    ['a SID that is none', 201, JSON.stringify(message(1, { sid: '../../x' }))],
    ['an error under a success', 200, '{"code":21211,"message":"Invalid To"}'],
    ['a list', 201, '[]'],
    ['no content', 204, ''],
    ['more than a message holds', 201, JSON.stringify(message(1, { body: 'x'.repeat(2 * 1024 * 1024) }))],
  ])('with %s leaves the message unknown', async (_, status, body) => {
    const server = await fakeTwilio((_request, response) => response.writeHead(status).end(body || undefined));
    expect(await failureOf(clientOf(server.origin).createMessage(form()))).toMatchObject({
      code: 'TWILIO_UNREADABLE_ANSWER',
      httpStatus: status,
      outcome: 'unknown',
      retryable: false,
    });
  });

  it('is a redirect, which is not followed: another host never sees the credentials', async () => {
    const other = await fakeTwilio((_, response) => json(response, 201, message()));
    const server = await fakeTwilio((_, response) => response.writeHead(307, { location: other.origin }).end());
    const client = clientOf(server.origin);
    expect(await failureOf(client.createMessage(form()))).toMatchObject({ httpStatus: 307, outcome: 'unknown' });
    expect(await failureOf(client.fetchMessage(sidOf(1)))).toMatchObject({ httpStatus: 307 });
    expect(other.requests).toEqual([]);
  });
});

describe('no answer', () => {
  it('because the port is closed: nothing was sent', async () => {
    const server = await startFakeHttpServer(() => undefined);
    await server.close();
    expect(await failureOf(clientOf(server.origin).createMessage(form()))).toMatchObject({
      code: 'TWILIO_CONNECTION',
      reason: 'ECONNREFUSED',
      outcome: 'not-sent',
      retryable: true,
    });
  });

  it('because the name is not known: nothing was sent', async () => {
    const unknown = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
    const dispatcher = new Agent({ connect: { lookup: (_host, _options, done) => done(unknown, []) } });
    cleanups.push(() => dispatcher.destroy());
    const client = clientOf('http://twilio.invalid', { dispatcher });
    expect(await failureOf(client.createMessage(form()))).toMatchObject({ reason: 'ENOTFOUND', outcome: 'not-sent' });
  });

  it('because TLS fails: nothing was sent', async () => {
    const server = await fakeTwilio((_, response) => json(response, 201, message()));
    const client = clientOf(server.origin.replace('http:', 'https:'));
    expect(await failureOf(client.createMessage(form()))).toMatchObject({ outcome: 'not-sent', retryable: true });
    expect(server.requests).toEqual([]);
  });

  it('because the connection never opens: nothing was sent', async () => {
    const clock = new ManualClock();
    const server = await tcpServer(() => clock.advance('15s'));
    const client = clientOf(server.origin.replace('http:', 'https:'), { clock });
    expect(await failureOf(client.createMessage(form()))).toMatchObject({ reason: 'TIMEOUT', outcome: 'not-sent' });
  });

  it('because every connection is taken: nothing was sent, then or later', async () => {
    const clock = new ManualClock();
    const dispatcher = new Agent({ connections: 1 });
    cleanups.push(() => dispatcher.destroy());
    let arrive: (response: ServerResponse) => void;
    const arrived = new Promise<ServerResponse>((resolve) => {
      arrive = resolve;
    });
    const server = await fakeTwilio((_, response) => arrive(response));
    const client = clientOf(server.origin, { clock, dispatcher });

    const first = client.createMessage(form());
    const response = await arrived;
    clock.advance('10s');
    const abort = new AbortController();
    const second = failureOf(client.createMessage(form(), { signal: abort.signal }));
    abort.abort();
    expect(await second).toMatchObject({ reason: 'ABORTED', outcome: 'not-sent' });

    json(response, 201, message());
    await first;
    await dispatcher.close();
    expect(server.requests).toHaveLength(1);
  });

  it('because the connection is reset once the request is in: unknown', async () => {
    const server = await tcpServer((socket) => socket.once('data', () => socket.resetAndDestroy()));
    expect(await failureOf(clientOf(server.origin).createMessage(form()))).toMatchObject({
      code: 'TWILIO_CONNECTION',
      reason: 'ECONNRESET',
      outcome: 'unknown',
      retryable: false,
    });
  });

  it('in time: unknown', async () => {
    const clock = new ManualClock();
    const server = await fakeTwilio(() => clock.advance('15s'));
    const client = clientOf(server.origin, { clock });
    expect(await failureOf(client.createMessage(form()))).toMatchObject({ reason: 'TIMEOUT', outcome: 'unknown' });
    expect(await failureOf(client.fetchMessage(sidOf(1)))).toMatchObject({ outcome: 'unknown', retryable: true });
  });

  it('in time, though it began: unknown', async () => {
    const clock = new ManualClock();
    const server = await fakeTwilio((_, response) => {
      response.writeHead(201, { 'content-length': '500' });
      response.write('{"sid":', () => clock.advance('15s'));
    });
    expect(await failureOf(clientOf(server.origin, { clock }).createMessage(form()))).toMatchObject({
      reason: 'TIMEOUT',
      outcome: 'unknown',
    });
  });

  it('that is whole: unknown', async () => {
    const server = await fakeTwilio((_, response) => {
      response.writeHead(201, { 'content-length': '500' });
      response.write('{"sid":', () => response.destroy());
    });
    expect(await failureOf(clientOf(server.origin).createMessage(form()))).toMatchObject({
      code: 'TWILIO_CONNECTION',
      outcome: 'unknown',
    });
  });

  it('in HTTP: unknown, and the bytes stay out of the error', async () => {
    const server = await tcpServer((socket) => socket.once('data', () => socket.end(`NOPE ${TEXT} ${PASSWORD}`)));
    expect(await failureOf(clientOf(server.origin).createMessage(form()))).toMatchObject({ outcome: 'unknown' });
  });

  it('because the caller gave up: unknown once it was sent, not sent before', async () => {
    const abort = new AbortController();
    const server = await fakeTwilio(() => abort.abort(new Error('shutting down')));
    const client = clientOf(server.origin);
    const failure = await failureOf(client.createMessage(form(), { signal: abort.signal }));
    expect(failure).toMatchObject({ reason: 'ABORTED', outcome: 'unknown', cause: new Error('shutting down') });
    expect(await failureOf(client.createMessage(form(), { signal: abort.signal }))).toMatchObject({
      outcome: 'not-sent',
    });
    expect(server.requests).toHaveLength(1);
  });

  it('because the client is closed: nothing was sent', async () => {
    const server = await fakeTwilio((_, response) => json(response, 201, message()));
    const client = clientOf(server.origin);
    await client.close();
    await client.close();
    expect(await failureOf(client.createMessage(form()))).toMatchObject({ reason: 'CLOSED', outcome: 'not-sent' });
    expect(server.requests).toEqual([]);
  });
});

describe('closing', () => {
  it('waits for the answer to what is under way', async () => {
    let client: TwilioClient | undefined;
    const closed = new Promise<void>((resolve, reject) => {
      void fakeTwilio((_, response) => {
        client?.close().then(resolve, reject);
        json(response, 201, message());
      }).then((server) => {
        client = clientOf(server.origin);
        return expect(client.createMessage(form())).resolves.toMatchObject({ sid: sidOf(1) });
      }, reject);
    });
    await closed;
  });
});

describe('the other calls on a message', () => {
  it('fetch it', async () => {
    const server = await fakeTwilio((_, response) => json(response, 200, message(5, { status: 'read' })));
    expect(await clientOf(server.origin).fetchMessage(sidOf(5))).toMatchObject({ sid: sidOf(5), status: 'read' });
    expect(server.requests[0]).toMatchObject({
      method: 'GET',
      url: { pathname: `/2010-04-01/Accounts/${ACCOUNT}/Messages/${sidOf(5)}.json` },
      body: '',
    });
  });

  it.each([
    [{ status: 'canceled' } as const, 'Status=canceled'],
    [{ body: '' } as const, 'Body='],
  ])('update it with %j', async (change, sent) => {
    const server = await fakeTwilio((_, response) => json(response, 200, message()));
    await clientOf(server.origin).updateMessage(sidOf(1), change);
    assertUpdateRequest(new URLSearchParams(server.requests[0]?.body));
    expect(server.requests[0]).toMatchObject({ method: 'POST', body: sent });
  });

  it('delete it', async () => {
    const server = await fakeTwilio((_, response) => response.writeHead(204).end());
    await expect(clientOf(server.origin).deleteMessage(sidOf(1))).resolves.toBeUndefined();
    expect(server.requests[0]?.method).toBe('DELETE');
  });

  it('tell that there is none', async () => {
    const server = await fakeTwilio((_, response) => json(response, 404, { code: 20404, message: 'not found' }));
    expect(await failureOf(clientOf(server.origin).deleteMessage(sidOf(1)))).toMatchObject({
      code: 'TWILIO_NOT_FOUND',
    });
  });

  it.each(['../Accounts', `${sidOf(1)}/../../x`, `${sidOf(1)}\n`, '', ACCOUNT, `${sidOf(1)}?a=b`])(
    'refuse %j as a SID before anything is sent',
    async (sid) => {
      const server = await fakeTwilio((_, response) => json(response, 200, message()));
      const client = clientOf(server.origin);
      for (const call of [
        client.fetchMessage(sid),
        client.deleteMessage(sid),
        client.updateMessage(sid, { body: '' }),
      ]) {
        expect(await failureOf(call)).toMatchObject({ code: 'TWILIO_INVALID_ARGUMENT', outcome: 'not-sent' });
      }
      expect(server.requests).toEqual([]);
    },
  );
});

describe('listing messages', () => {
  it('follows the pages up to the limit', async () => {
    const server = await fakeTwilio(({ url }, response) => {
      const number = Number(url.searchParams.get('Page') ?? 0);
      const next = `${MESSAGES}?PageSize=2&Page=${number + 1}&PageToken=PA${sidOf(number)}`;
      const body = page([message(2 * number + 1), message(2 * number + 2)], next);
      assertMessageList(body);
      json(response, 200, body);
    });
    const found = await clientOf(server.origin).listMessages({ pageSize: 2, limit: 5 });
    expect(found.map(({ sid }) => sid)).toEqual([1, 2, 3, 4, 5].map(sidOf));
    expect(server.requests.map(({ url }) => url.searchParams.get('PageToken'))).toEqual([
      null,
      `PA${sidOf(0)}`,
      `PA${sidOf(1)}`,
    ]);
  });

  it('asks for no more than the limit, and stops where the list ends', async () => {
    const server = await fakeTwilio((_, response) => json(response, 200, page([message(1)])));
    expect(await clientOf(server.origin).listMessages({ limit: 3 })).toHaveLength(1);
    expect(server.requests.map(({ url }) => url.search)).toEqual(['?PageSize=3']);
  });

  it('filters by both parties and by time', async () => {
    const server = await fakeTwilio((_, response) => json(response, 200, page([])));
    await clientOf(server.origin).listMessages({
      to: 'whatsapp:+15551230001',
      from: 'whatsapp:+15551234567',
      dateSentAfter: new Date('2026-01-01T10:00:00.500Z'),
      dateSentBefore: new Date('2026-01-01T11:00:00Z'),
      limit: 20,
    });
    const query = server.requests[0]!.url.searchParams;
    assertListRequest(query);
    expect(Object.fromEntries(query)).toEqual({
      To: 'whatsapp:+15551230001',
      From: 'whatsapp:+15551234567',
      'DateSent>': '2026-01-01T10:00:00Z',
      'DateSent<': '2026-01-01T11:00:00Z',
      PageSize: '20',
    });
  });

  it.each([
    ['on another host', (origin: string) => `${origin}${MESSAGES}`],
    ['on another host without a scheme', (origin: string) => `${origin.replace('http:', '')}${MESSAGES}`],
    ['that is no URL', () => 'http://['],
  ])('refuses a next page %s: the credentials stay here', async (_, nextOf) => {
    const other = await fakeTwilio((_request, response) => json(response, 200, page([])));
    const server = await fakeTwilio((_request, response) =>
      json(response, 200, page([message(1)], nextOf(other.origin))),
    );
    const failure = await failureOf(clientOf(server.origin).listMessages({ limit: 5 }));
    expect(failure).toMatchObject({ code: 'TWILIO_UNREADABLE_ANSWER', retryable: true });
    expect(other.requests).toEqual([]);
  });

  it('takes a next page given in full on its own host', async () => {
    const server = await fakeTwilio(({ url, headers }, response) =>
      json(
        response,
        200,
        url.search.includes('Page=1')
          ? page([message(2)])
          : page([message(1)], `http://${headers.host}${MESSAGES}?Page=1`),
      ),
    );
    expect(await clientOf(server.origin).listMessages({ limit: 5 })).toHaveLength(2);
  });

  it.each([
    ['an empty page before another', page([], `${MESSAGES}?Page=1`)],
    ['an entry that is no message', page([message(1), { sid: 'x' }])],
    ['no list', { messages: {} }],
  ])('refuses %s', async (_, body) => {
    const server = await fakeTwilio((_request, response) => json(response, 200, body));
    const failure = await failureOf(clientOf(server.origin).listMessages({ limit: 5 }));
    expect(failure.code).toBe('TWILIO_UNREADABLE_ANSWER');
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    { limit: 0 },
    { limit: Number.NaN },
    { limit: Number.POSITIVE_INFINITY },
    { limit: 1, pageSize: 1001 },
    { limit: 1, pageSize: 0 },
    { limit: 1, dateSentAfter: new Date(Number.NaN) },
  ])('refuses %j', async (filter) => {
    const failure = await failureOf(clientOf('http://127.0.0.1:9').listMessages(filter));
    expect(failure).toMatchObject({ code: 'TWILIO_INVALID_ARGUMENT', outcome: 'not-sent' });
  });
});

describe('the account', () => {
  it('is read without its auth token', async () => {
    const server = await fakeTwilio((_, response) =>
      json(response, 200, {
        sid: ACCOUNT,
        owner_account_sid: ACCOUNT,
        auth_token: PASSWORD,
        friendly_name: 'Shop',
        status: 'active',
        type: 'Full',
      }),
    );
    const account = await clientOf(server.origin).fetchAccount();
    expect(account).toEqual({
      sid: ACCOUNT,
      status: 'active',
      type: 'Full',
      friendlyName: 'Shop',
      ownerAccountSid: ACCOUNT,
    });
    expect(server.requests[0]?.url.pathname).toBe(`/2010-04-01/Accounts/${ACCOUNT}.json`);
  });

  it('whose answer is unreadable shows no token either', async () => {
    const server = await fakeTwilio((_, response) => response.writeHead(200).end(`{"auth_token":"${PASSWORD}",`));
    expect(await failureOf(clientOf(server.origin).fetchAccount())).toMatchObject({ code: 'TWILIO_UNREADABLE_ANSWER' });
  });
});

describe('the client itself', () => {
  it('never shows its password', () => {
    const client = clientOf('http://127.0.0.1:9');
    for (const shown of [inspect(client, { depth: 9, showHidden: true }), JSON.stringify(client)]) {
      expect(shown).not.toContain(PASSWORD);
      expect(shown).not.toContain(BASIC);
    }
  });

  it.each([
    [{ accountSid: 'AC1' }],
    [{ accountSid: `${ACCOUNT}/x` }],
    [{ username: 'a:b' }],
    [{ password: '' }],
    [{ timeoutMs: 0 }],
    [{ timeoutMs: Number.NaN }],
    [{ baseUrl: 'api.twilio.com' }],
    [{ baseUrl: 'ftp://127.0.0.1' }],
    [{ baseUrl: 'http://127.0.0.1/path' }],
    [{ baseUrl: 'http://user:pw@127.0.0.1' }],
  ])('refuses %j', (options) => {
    const make = () =>
      new TwilioClient({
        accountSid: ACCOUNT,
        username: ACCOUNT,
        password: PASSWORD,
        baseUrl: 'http://127.0.0.1:9',
        ...options,
      });
    expect(make).toThrow(expect.objectContaining({ code: 'TWILIO_INVALID_ARGUMENT' }));
  });
});

/** The official client, with its requests led to `origin`. */
function official(origin: string) {
  const transport = new twilio.RequestClient();
  const request = transport.request.bind(transport);
  transport.request = (options) => request({ ...options, uri: options.uri.replace('https://api.twilio.com', origin) });
  return twilio(ACCOUNT, PASSWORD, { httpClient: transport });
}

const sorted = (params: URLSearchParams) => [...params].toSorted(([a], [b]) => a.localeCompare(b));

/** The path with its query in one order, the form in one order, and the credentials. */
const essence = ({ method, url, headers, body }: RecordedRequest) => {
  return [method, url.pathname, sorted(url.searchParams), sorted(new URLSearchParams(body)), headers.authorization];
};

describe("beside Twilio's own package", () => {
  it('makes the same requests', async () => {
    const server = await fakeTwilio(({ method, url }, response) => {
      if (method === 'DELETE') response.writeHead(204).end();
      else if (method === 'GET' && url.pathname === MESSAGES) json(response, 200, page([message()]));
      else json(response, method === 'POST' && url.pathname === MESSAGES ? 201 : 200, message());
    });
    const theirs = official(server.origin);
    const ours = clientOf(server.origin);
    const to = 'whatsapp:+15551230001';
    const from = 'whatsapp:+15551234567';
    const time = new Date('2026-01-01T10:00:00Z');

    await theirs.messages.create({ to, from, body: TEXT, mediaUrl: ['https://example.com/1.jpg'] });
    await ours.createMessage(form({ MediaUrl: 'https://example.com/1.jpg' }));
    await theirs.messages(sidOf(1)).fetch();
    await ours.fetchMessage(sidOf(1));
    await theirs.messages(sidOf(1)).update({ status: 'canceled' });
    await ours.updateMessage(sidOf(1), { status: 'canceled' });
    await theirs.messages(sidOf(1)).remove();
    await ours.deleteMessage(sidOf(1));
    await theirs.messages.list({ to, from, dateSentAfter: time, dateSentBefore: time, pageSize: 2, limit: 2 });
    await ours.listMessages({ to, from, dateSentAfter: time, dateSentBefore: time, pageSize: 2, limit: 2 });

    const requests = server.requests.map(essence);
    expect(requests).toHaveLength(10);
    for (let index = 0; index < requests.length; index += 2) expect(requests[index + 1]).toEqual(requests[index]);
  });
});

describe("Twilio's description, as restated for these tests", () => {
  it.each([
    ['no recipient', (params: URLSearchParams) => params.delete('To')],
    ['no sender', (params: URLSearchParams) => params.delete('From')],
    ['no content', (params: URLSearchParams) => params.delete('Body')],
    ['a text that is too long', (params: URLSearchParams) => params.set('Body', 'x'.repeat(1601))],
    ['two recipients', (params: URLSearchParams) => params.append('To', 'whatsapp:+15551230002')],
    ['a media URL without a scheme', (params: URLSearchParams) => params.set('MediaUrl', 'example.com/a.jpg')],
    ['a time without a schedule', (params: URLSearchParams) => params.set('SendAt', '2026-01-01T00:00:00Z')],
    ['variables without a template', (params: URLSearchParams) => params.set('ContentVariables', '{"1":"a"}')],
    ['a parameter in snake case', (params: URLSearchParams) => params.set('media_url', 'https://example.com/a.jpg')],
  ])('refuses a message with %s', (_, spoil) => {
    const params = form();
    assertCreateRequest(params);
    spoil(params);
    expect(() => assertCreateRequest(params)).toThrow("does not match Twilio's description");
  });

  it.each([
    { sid: 'SM1' },
    { status: 'expired' },
    { error_code: '63016' },
    { num_media: 0 },
    { date_created: '2023-08-24T05:01:45Z' },
    { date_sent: 'Mon, 24 Aug 2023 05:01:45 +0000' },
    { price: -0.0075 },
    { body: undefined },
    { errorCode: null },
  ])('refuses a resource with %j', (overrides) => {
    assertMessageResource(message());
    expect(() => assertMessageResource({ ...message(1, overrides) })).toThrow("does not match Twilio's description");
    expect(() => assertMessageList(page([message(1, overrides)]))).toThrow("does not match Twilio's description");
  });
});
