import { Controller, HttpCode, Post, Req, UseGuards } from '@nestjs/common';
import { TwilioSignatureGuard, verifiedWebhook } from 'nestjs-whatsapp-twilio';
import { inbound, statusCallback } from 'nestjs-whatsapp-twilio/testing';
import { createHash } from 'node:crypto';
import { getExpectedTwilioSignature } from 'twilio';
import { platforms } from '../support/host-app';
import { answerOf, EMPTY_TWIML, postForm, postSigned } from '../support/signed-webhook';
import { startWhatsappHost, type WhatsappHost, type WhatsappHostOptions } from '../support/whatsapp-host';

const withoutUndefined = (params: Record<string, string | undefined>) =>
  Object.fromEntries(Object.entries(params).filter((entry): entry is [string, string] => entry[1] !== undefined));

const acknowledged = { status: 200, type: expect.stringMatching(/^text\/xml(;|$)/), body: EMPTY_TWIML };
const [PRIMARY, SECONDARY] = ['a'.repeat(32), 'b'.repeat(32)];
const ACCOUNT = `AC${'1'.repeat(32)}`;
const ours = (params: Record<string, string>): Record<string, string> => ({ ...params, AccountSid: ACCOUNT });

/** A route of the host's own that Twilio calls with JSON, such as an Event Streams sink. */
@Controller('events')
class EventsController {
  @Post()
  @HttpCode(202)
  @UseGuards(TwilioSignatureGuard)
  take(@Req() request: object) {
    return { connection: verifiedWebhook(request).connection.id };
  }
}

/** Every shape that Twilio is known to send, and the kind that a handler sees. */
const shapes = [
  ['text', inbound.text()],
  ['image', inbound.image({ Body: 'a caption' })],
  ['video', inbound.video()],
  ['audio', inbound.audio()],
  ['document', inbound.document()],
  ['sticker', inbound.sticker()],
  ['contacts', inbound.contacts()],
  ['location', inbound.location()],
  ['location', inbound.location({ Label: undefined, Address: undefined })],
  ['button', inbound.button()],
  ['list', inbound.list()],
  ['flow', inbound.flow()],
  ['reaction', inbound.reaction()],
  ['reaction', inbound.reaction({ Body: '' })],
  ['text', inbound.quotedReply()],
  ['text', inbound.forwarded()],
  ['text', inbound.fromAd()],
  ['text', inbound.bsuid()],
  ['unsupported', inbound.unsupported()],
  ['text', inbound.legacyText()],
  ['unsupported', inbound.text({ MessageType: 'hologram', Body: undefined, Depth: '3' })],
  ['unsupported', inbound.text({ Body: '', MessageType: undefined })],
] as const;

describe.each(platforms)('The inbound webhook on %s', (platform) => {
  let host: WhatsappHost;
  let url: string;

  async function start(options: WhatsappHostOptions = {}): Promise<void> {
    host = await startWhatsappHost({
      platform,
      ...options,
      emulator: { accountSid: ACCOUNT, authToken: PRIMARY },
      module: { authToken: [PRIMARY, SECONDARY], ...options.module },
    });
    url = `${host.url}/webhooks/whatsapp/twilio`;
  }

  afterEach(() => host.close());

  const storedMessages = () => host.db.selectFrom('inbound_messages').selectAll().execute();

  async function postJson(body: string, hashOf = body) {
    const signed = `${host.url}/events?bodySHA256=${createHash('sha256').update(hashOf).digest('hex')}`;
    const signature = getExpectedTwilioSignature(PRIMARY, signed, {});
    const headers = { 'content-type': 'application/json; charset=utf-8', 'x-twilio-signature': signature };
    return answerOf(await fetch(signed, { method: 'POST', headers, body }));
  }

  it('brings every shape that Twilio sends to the handlers, as the right kind and with nothing lost', async () => {
    await start();
    for (const [kind, shape] of shapes) {
      const params = ours(shape);
      expect(await postSigned(url, params, { token: PRIMARY })).toEqual(acknowledged);
      const message = await host.recorder.messages.first(({ sid }) => sid === params['MessageSid']);
      expect(message).toMatchObject({ kind, raw: params, connectionId: 'default' });
    }
    expect(host.recorder.messages.all).toHaveLength(shapes.length);
  });

  it('accepts the secondary token too while tokens are rotated', async () => {
    await start();
    expect(await postSigned(url, ours(inbound.text()), { token: SECONDARY })).toEqual(acknowledged);
  });

  it('takes GET, whose parameters are in the URL', async () => {
    await start();
    const params = ours(inbound.text({ Body: 'héllo & more+' }));
    const signed = `${url}?${new URLSearchParams(params).toString()}`;
    const headers = { 'x-twilio-signature': getExpectedTwilioSignature(PRIMARY, signed, {}) };
    expect(await answerOf(await fetch(signed, { headers }))).toEqual(acknowledged);
    expect(await host.recorder.messages.first()).toMatchObject({ kind: 'text', text: 'héllo & more+' });

    expect((await fetch(signed.replace('more', 'less'), { headers })).status).toBe(403);
  });

  it('is also there with the connection in its path, and for no other connection', async () => {
    await start({ module: { connectionId: 'north' } });
    expect(await postSigned(`${url}/north`, ours(inbound.text()), { token: PRIMARY })).toEqual(acknowledged);
    expect(await host.recorder.messages.first()).toMatchObject({ connectionId: 'north' });
    expect((await postSigned(`${url}/south`, ours(inbound.text()), { token: PRIMARY })).status).toBe(403);
    const callback = ours(statusCallback('sent'));
    expect((await postSigned(`${url}/north/status`, callback, { token: PRIMARY })).status).toBe(204);
    expect((await postSigned(`${url}/south/status`, callback, { token: PRIMARY })).status).toBe(403);
  });

  describe('refuses with 403, tells nothing and stores nothing', () => {
    const params = ours(inbound.text());
    const { Body: text, ...textless } = params;
    const cases: [string, (sign: (token?: string, at?: string) => string) => Parameters<typeof postForm>][] = [
      ['a changed value', (sign) => [url, { ...params, Body: 'Hellp' }, { 'x-twilio-signature': sign() }]],
      ['a changed case', (sign) => [url, { ...params, Body: 'hello' }, { 'x-twilio-signature': sign() }]],
      ['a trimmed value', (sign) => [url, { ...params, Body: 'Hello ' }, { 'x-twilio-signature': sign() }]],
      ['a renamed key', (sign) => [url, { ...textless, body: text! }, { 'x-twilio-signature': sign() }]],
      ['an added parameter', (sign) => [url, { ...params, Extra: '1' }, { 'x-twilio-signature': sign() }]],
      ['a removed parameter', (sign) => [url, textless, { 'x-twilio-signature': sign() }]],
      ['an added query', (sign) => [`${url}?x=1`, params, { 'x-twilio-signature': sign() }]],
      [
        'a signature for another path',
        (sign) => [url, params, { 'x-twilio-signature': sign(PRIMARY, `${url}/status`) }],
      ],
      [
        'a signature for another host',
        (sign) => [url, params, { 'x-twilio-signature': sign(PRIMARY, 'https://a.b/c') }],
      ],
      ['a signature with another token', (sign) => [url, params, { 'x-twilio-signature': sign('c'.repeat(32)) }]],
      ['a missing signature', () => [url, params, {}]],
      ['an empty signature', () => [url, params, { 'x-twilio-signature': '' }]],
      ['a signature that is none', () => [url, params, { 'x-twilio-signature': 'valid' }]],
      ['a cut signature', (sign) => [url, params, { 'x-twilio-signature': sign().slice(0, 10) }]],
    ];

    it.each(cases)('%s', async (_, attempt) => {
      await start();
      const request = attempt((token = PRIMARY, at = url) => getExpectedTwilioSignature(token, at, params));
      const answer = await postForm(...request);
      expect(answer).toEqual({ status: 403, type: expect.stringContaining('json'), body: expect.any(String) });
      expect(JSON.parse(answer.body)).toEqual({ statusCode: 403, message: 'Forbidden' });
      expect(await storedMessages()).toEqual([]);
    });

    it('another account, be it a subaccount, even where it knows the token', async () => {
      await start();
      const foreign = { ...params, AccountSid: `AC${'2'.repeat(32)}` };
      expect((await postSigned(url, foreign, { token: PRIMARY })).status).toBe(403);
      expect((await postSigned(`${url}/default`, foreign, { token: PRIMARY })).status).toBe(403);
      expect(await storedMessages()).toEqual([]);
    });

    it('and a callback likewise', async () => {
      await start();
      const { status } = await postForm(`${url}/status`, ours(statusCallback('read')), { 'x-twilio-signature': 'x' });
      expect(status).toBe(403);
      expect(await host.db.selectFrom('early_callbacks').selectAll().execute()).toEqual([]);
    });
  });

  describe('once for each message', () => {
    it('runs a handler once for fifty identical webhooks, and acknowledges each', async () => {
      await start();
      const params = ours(inbound.text());
      const answers = await Promise.all(Array.from({ length: 50 }, () => postSigned(url, params, { token: PRIMARY })));
      for (const answer of answers) expect(answer).toEqual(acknowledged);
      const last = ours(inbound.text());
      await postSigned(url, last, { token: PRIMARY });
      await host.recorder.messages.first(({ sid }) => sid === last['MessageSid']);
      expect(host.recorder.messages.all.map(({ sid }) => sid)).toEqual([params['MessageSid'], last['MessageSid']]);
    });

    it('knows a repeat by Twilio’s idempotency token as well, fifty at once', async () => {
      await start();
      const headers = { 'i-twilio-idempotency-token': '7c1f8c1e-5e6b-4a43-9a52-0f5f5a0c7d10' };
      const repeats = Array.from({ length: 50 }, () =>
        postSigned(url, ours(inbound.text()), { token: PRIMARY, headers }),
      );
      for (const answer of await Promise.all(repeats)) expect(answer).toEqual(acknowledged);
      const last = ours(inbound.text());
      await postSigned(url, last, { token: PRIMARY });
      await host.recorder.messages.first(({ sid }) => sid === last['MessageSid']);
      expect(host.recorder.messages.all).toHaveLength(2);
    });

    it.each([
      ['SmsMessageSid', { SmsMessageSid: `MM${'3'.repeat(32)}` }, {}],
      ['Twilio’s idempotency token', {}, { 'i-twilio-idempotency-token': '0d5d0a9e-2b0f-4a5c-9f62-4f1d7a9a1c11' }],
      ['all that it says', {}, {}],
    ])('knows a repeat without MessageSid by %s', async (_name, sid, headers) => {
      await start();
      const nameless = { MessageSid: undefined, SmsSid: undefined, SmsMessageSid: undefined, ...sid };
      const params = withoutUndefined({ ...ours(inbound.image()), ...nameless });
      for (const _ of ['first', 'repeat']) {
        expect(await postSigned(url, params, { token: PRIMARY, headers })).toEqual(acknowledged);
      }
      const last = ours(inbound.text());
      await postSigned(url, last, { token: PRIMARY });
      await host.recorder.messages.first(({ sid }) => sid === last['MessageSid']);
      expect(host.recorder.messages.all.map(({ kind }) => kind)).toEqual(['image', 'text']);
    });
  });

  describe('loses nothing where URLs are mixed up:', () => {
    it('a message at the status URL is handled', async () => {
      await start();
      const params = ours(inbound.text());
      expect((await postSigned(`${url}/status`, params, { token: PRIMARY })).status).toBe(204);
      expect(await host.recorder.messages.first()).toMatchObject({ sid: params['MessageSid'], kind: 'text' });
    });

    it.each([
      ['with MessageStatus', {}],
      ['with SmsStatus alone', { MessageStatus: undefined }],
      ['with an empty MessageStatus', { MessageStatus: '' }],
      ['with EventType alone', { MessageStatus: undefined, SmsStatus: undefined }],
    ])('a callback %s at the inbound URL counts', async (_, overrides) => {
      await start();
      const message = await host.outbound.send({ to: '+15551230001', text: 'Hi' });
      const { sid } = await host.recorder.reaches(message, 'accepted');
      const callback = ours(statusCallback('delivered', { MessageSid: sid, ...overrides }));
      expect(await postSigned(url, callback, { token: PRIMARY })).toEqual(acknowledged);
      await host.recorder.reaches(message, 'delivered');
      expect(host.recorder.messages.all).toEqual([]);
    });
  });

  describe('on a route of the host’s own that takes JSON', () => {
    const json = JSON.stringify([{ specversion: '1.0', data: { ünïcode: '👍' } }]);

    it('passes what was signed, byte for byte', async () => {
      await start({ controllers: [EventsController] });
      expect(await postJson(json)).toMatchObject({ status: 202, body: '{"connection":"default"}' });
      expect(await postJson(json.replace('1.0', '1.1'), json)).toMatchObject({ status: 403 });
    });

    it('names rawBody: true where the app does not keep the bytes', async () => {
      await start({ controllers: [EventsController], nest: { rawBody: false } });
      const answer = await postJson(json);
      expect(answer.status).toBe(500);
      expect(answer.body).toContain('rawBody: true');
    });
  });
});
