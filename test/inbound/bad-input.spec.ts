import { ConsoleLogger, type INestApplication, Module } from '@nestjs/common';
import { WhatsappTwilioModule } from 'nestjs-whatsapp-twilio';
import { inbound } from 'nestjs-whatsapp-twilio/testing';
import type { AddressInfo } from 'node:net';
import { getExpectedTwilioSignature } from 'twilio';
import { createService } from '../../src/service/create-service';
import type { Database } from '../../src/whatsapp-twilio/storage/database';
import { DATABASE } from '../../src/whatsapp-twilio/tokens';
import { platforms, startHostApp } from '../support/host-app';
import { sendRaw, statusOf } from '../support/raw-http';
import { Recorder } from '../support/recorder';
import { EMPTY_TWIML, postSigned } from '../support/signed-webhook';

const TOKEN = '0123456789abcdef0123456789abcdef';
const ACCOUNT = `AC${'1'.repeat(32)}`;
const PHONE = '+15559876543';
const SECRET_TEXT = 'the-words-of-a-user';
const PATH = '/webhooks/whatsapp/twilio';
const FORM = 'application/x-www-form-urlencoded';

const settings = { accountSid: ACCOUNT, authToken: TOKEN, storage: { url: 'sqlite::memory:' } };

@Module({ providers: [Recorder], exports: [Recorder] })
class RecorderModule {}

type Start = () => Promise<INestApplication>;

async function startService(): Promise<INestApplication> {
  const service = {
    host: '127.0.0.1',
    port: 0,
    trustProxy: false,
    logLevel: 'verbose',
    logFormat: 'json',
    isTwilioCritical: false,
    shutdownDelayMs: 0,
    apiKeys: 'none',
    apiRateLimitRpm: 600,
    forwardEndpoints: [],
    mayForwardPrivately: false,
  } as const;
  const app = await createService({ service, whatsapp: settings }, [RecorderModule]);
  await app.listen(0, '127.0.0.1');
  return app;
}

const servers: [string, Start][] = [
  ['the service', startService],
  ...platforms.map((platform): [string, Start] => [
    `a host on ${platform}`,
    async () => {
      const imports = [WhatsappTwilioModule.forRoot(settings), RecorderModule];
      return (await startHostApp({ platform, imports, nest: { logger: new ConsoleLogger({ colors: false }) } })).app;
    },
  ]),
];

describe.each(servers)('Whatever is sent to the webhook of %s', (name, start) => {
  let app: INestApplication;
  let url: string;
  let written: string;

  beforeEach(async () => {
    written = '';
    for (const stream of [process.stdout, process.stderr]) {
      jest.spyOn(stream, 'write').mockImplementation((chunk) => {
        written += String(chunk);
        return true;
      });
    }
    app = await start();
    url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}${PATH}`;
  });

  afterEach(async () => {
    await app.close();
    jest.restoreAllMocks();
  });

  const recorder = () => app.get(Recorder, { strict: false });
  const good = (overrides: Record<string, string> = {}) =>
    inbound.text({ AccountSid: ACCOUNT, From: `whatsapp:${PHONE}`, Body: SECRET_TEXT, ...overrides });
  const sign = (params: Record<string, string>, at = url) => getExpectedTwilioSignature(TOKEN, at, params);

  function send(
    { method = 'POST', path = PATH, headers = [] }: { method?: string; path?: string; headers?: string[] },
    body: Uint8Array | string = '',
  ) {
    return sendRaw(url, [`${method} ${path} HTTP/1.1`, ...headers], body);
  }

  /** Signed by Twilio, but for an empty request: the best that somebody without the token can have got hold of. */
  const form = (signature = sign({})) => [`Content-Type: ${FORM}`, `X-Twilio-Signature: ${signature}`];

  /** Nothing of the user and no secret got out, and the server is as good as before. */
  async function expectUnharmed(answer: string): Promise<void> {
    for (const text of [answer, written]) {
      expect(text).not.toContain(TOKEN);
      expect(text).not.toContain(SECRET_TEXT);
      expect(text).not.toContain(PHONE.slice(1));
      expect(text).not.toMatch(/node_modules|\.ts:\d/);
    }
    const params = good();
    expect(await postSigned(url, params, { token: TOKEN })).toMatchObject({ status: 200, body: EMPTY_TWIML });
    await recorder().messages.first(({ sid }) => sid === params['MessageSid']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  }

  const body = `Body=${SECRET_TEXT}&From=whatsapp%3A%2B${PHONE.slice(1)}&AccountSid=${ACCOUNT}`;
  const manyKeys = Array.from({ length: 10_000 }, (_, index) => `k${index}=v`).join('&');

  it.each<[string, number[], () => Promise<string>]>([
    ['nothing at all', [403], () => send({})],
    ['a signature and no body', [403], () => send({ headers: [`X-Twilio-Signature: ${sign(good())}`] })],
    ['no content type', [403, 415], () => send({ headers: form().slice(1) }, body)],
    ['plain text', [403, 415], () => send({ headers: ['Content-Type: text/plain', ...form().slice(1)] }, body)],
    [
      'a file upload',
      [403, 415],
      () => send({ headers: ['Content-Type: multipart/form-data; boundary=x', ...form().slice(1)] }, body),
    ],
    [
      'a content type that is none',
      [403, 415],
      () => send({ headers: ['Content-Type: ;;', ...form().slice(1)] }, body),
    ],
    ['a body of two megabytes', [413], () => send({ headers: form() }, `Body=${'x'.repeat(2 * 1024 * 1024)}`)],
    ['a form with a wrong signature', [403], () => send({ headers: form() }, body)],
    [
      'bytes that are no UTF-8',
      [403],
      () => send({ headers: form() }, Buffer.from([0x42, 0x3d, 0xff, 0xfe, 0xc3, 0x28])),
    ],
    ['ten thousand parameters', [403, 413], () => send({ headers: form() }, manyKeys)],
    ['broken percent encoding', [403], () => send({ headers: form() }, `Body=%ZZ%E0%A4%A&%=%&${body}`)],
    [
      'keys of Object.prototype',
      [400, 403],
      () =>
        send({ headers: form() }, '__proto__=1&constructor=2&__proto__[polluted]=3&constructor[prototype][polluted]=4'),
    ],
    ['deeply nested keys', [400, 403], () => send({ headers: form() }, `a${'[b]'.repeat(200)}=1`)],
    [
      'two signatures',
      [403],
      () =>
        send(
          { headers: [...form(sign(good())), `X-Twilio-Signature: ${sign(good())}`] },
          new URLSearchParams(good()).toString(),
        ),
    ],
    ['an enormous signature', [403], () => send({ headers: form('A'.repeat(8000)) }, body)],
    ['more header than a server reads', [431], () => send({ headers: form('A'.repeat(20_000)) }, body)],
    ['a very long URL', [403], () => send({ path: `${PATH}?${'q=1&'.repeat(2500)}`, headers: form() }, body)],
    ['a URL that is too long', [431], () => send({ path: `${PATH}?${'q=1&'.repeat(5000)}`, headers: form() }, body)],
    [
      'malformed JSON',
      [400],
      () => send({ headers: ['Content-Type: application/json', ...form().slice(1)] }, `{"Body":"${SECRET_TEXT}`),
    ],
    [
      'JSON that nobody signed',
      [403],
      () => send({ headers: ['Content-Type: application/json', ...form().slice(1)] }, `{"Body":"${SECRET_TEXT}"}`),
    ],
    [
      'JSON with a __proto__',
      [400, 403],
      () => send({ headers: ['Content-Type: application/json', ...form().slice(1)] }, '{"__proto__":{"polluted":1}}'),
    ],
    ['compression that is none', [400, 403, 415], () => send({ headers: [...form(), 'Content-Encoding: gzip'] }, body)],
    [
      'a charset that nobody knows',
      [403, 415],
      () => send({ headers: [`Content-Type: ${FORM}; charset=klingon`, ...form().slice(1)] }, body),
    ],
    ['a connection nobody knows', [403], () => send({ path: `${PATH}/${'x'.repeat(90)}`, headers: form() }, body)],
    ['a path that cannot be decoded', [400, 403, 404], () => send({ path: `${PATH}/%ZZ`, headers: form() }, body)],
    ['a path with a NUL', [400, 403, 404], () => send({ path: `${PATH}/%00`, headers: form() }, body)],
    [
      'an unknown route',
      [404],
      () => send({ path: `${PATH}/a/b/c/${SECRET_TEXT.slice(0, 3)}`, headers: form() }, body),
    ],
    ['an unknown method', [404, 405], () => send({ method: 'DELETE', headers: form() }, body)],
    ['a GET with a body', [403], () => send({ method: 'GET', headers: form() }, body)],
    [
      'a host header with a path',
      [400, 403],
      () => sendRaw(url, [`POST ${PATH} HTTP/1.1`, 'X-Forwarded-Host: a/b', ...form()], body),
    ],
    ['what is not HTTP', [400], () => sendRaw(url, [SECRET_TEXT])],
  ])('%s is refused with a clear status, and harms nothing', async (_, statuses, attempt) => {
    const answer = await attempt();
    expect(statuses).toContain(statusOf(answer));
    await expectUnharmed(answer);
  });

  it.each<[string, Record<string, string>]>([
    ['a NUL in a text and in an address', { Body: 'a\0b', From: 'whatsapp:+1555\0' }],
    ['keys of Object.prototype', { constructor: 'y', toString: 'z', '__proto__[polluted]': '1' }],
    ['nested keys', { 'a[b][c]': '1', 'a[b]': '2', a: '3', 'a.b': '4' }],
    ['no addresses', { From: '', To: '' }],
    ['an unknown kind of address', { From: 'signal:someone', To: 'whatsapp:' }],
    ['lone surrogates as they arrive', { Body: '\uFFFD broken \uFFFD' }],
    ['numbers that are none', { NumMedia: '-1e9', Latitude: 'NaN', Longitude: 'Infinity', MessageType: 'location' }],
    ['metadata that is no JSON', { ChannelMetadata: '{"type":', InteractiveData: '[['.repeat(5000) }],
  ])('with a good signature, %s reach the handler', async (_, odd) => {
    const params = good(odd);
    expect(await postSigned(url, params, { token: TOKEN })).toMatchObject({ status: 200, body: EMPTY_TWIML });
    const { raw } = await recorder().messages.first(({ sid }) => sid === params['MessageSid']);
    expect(Object.entries(raw)).toEqual(expect.arrayContaining(Object.entries(odd)));
    await expectUnharmed('');
  });

  it.each(['POST', 'GET'])(
    'with a good signature, an empty %s is a message that nobody understands',
    async (method) => {
      const answer = await send({ method, headers: form() });
      expect(statusOf(answer)).toBe(200);
      expect(await recorder().messages.first()).toMatchObject({ kind: 'unsupported', raw: {} });
      await expectUnharmed(answer);
    },
  );

  it('with a good signature, __proto__ is a parameter like any other', async () => {
    const params = Object.fromEntries([...Object.entries(good()), ['__proto__', 'x']]);
    const answer = await postSigned(url, params, { token: TOKEN });
    // Nest's adapter for Fastify refuses such a form before any route sees it.
    expect(answer.status).toBe(name.includes('express') ? 200 : 400);
    await expectUnharmed(answer.body);
  });

  it('with a good signature, bytes that are no UTF-8 become replacement characters', async () => {
    const { Body: _, ...params } = good();
    const bytes = Buffer.concat([
      Buffer.from(`${new URLSearchParams(params).toString()}&Body=`),
      Buffer.from([0xff, 0x41]),
    ]);
    const answer = await send({ headers: form(sign({ ...params, Body: '\uFFFDA' })) }, bytes);
    expect(statusOf(answer)).toBe(200);
    const message = await recorder().messages.first();
    expect(message.raw['Body']).toBe('\uFFFDA');
    await expectUnharmed(answer);
  });

  it('with a good signature, ten thousand parameters are taken, or refused for their number', async () => {
    const params = {
      ...good(),
      ...Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`k${index}`, 'v'])),
    };
    const answer = await send({ headers: form(sign(params)) }, new URLSearchParams(params).toString());
    // Express' own parser stops at a thousand, of which Twilio sends some forty.
    expect(statusOf(answer)).toBe(name.includes('express') ? 413 : 200);
    await expectUnharmed(answer);
  });

  it('is answered 503 and acknowledged nowhere while the storage fails', async () => {
    await app.get<Database>(DATABASE, { strict: false }).destroy();
    const answer = await postSigned(url, good(), { token: TOKEN });
    expect(answer.status).toBe(503);
    for (const text of [answer.body, written]) {
      expect(text).not.toContain(SECRET_TEXT);
      expect(text).not.toContain(PHONE.slice(1));
    }
    expect(answer.body).not.toMatch(/<Response|driver|database|sqlite/i);
    expect(written).toContain('A webhook could not be stored.');
  });
});
