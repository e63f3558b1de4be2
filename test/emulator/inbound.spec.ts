import { EventEmitter, once } from 'node:events';
import twilio from 'twilio';
import { ManualClock } from '../../src/common/manual-clock';
import { TwilioEmulator } from '../../src/emulator';
import { type Bench, startBench, twiml } from './bench';
import { stopsAfterEach } from './stops-after-each';

describe('Inbound messages', () => {
  const started = stopsAfterEach();
  let bench: Bench;
  beforeEach(async () => {
    bench = await startBench();
  });
  afterEach(() => bench.stop());

  const ana = () => bench.twilio.phone('+15551230001', { profileName: 'Ana 🌻' });
  const last = () => Object.fromEntries(bench.inbound().at(-1) ?? []);

  it('reach the webhook with the sixteen parameters of a text', async () => {
    const outcome = await ana().sends('hi');
    expect(outcome).toMatchObject({ status: 200, body: '<Response/>', alerts: [], replies: [] });
    const { ChannelMetadata, ...rest } = last();
    expect(rest).toEqual({
      AccountSid: bench.twilio.accountSid,
      ApiVersion: '2010-04-01',
      Body: 'hi',
      From: 'whatsapp:+15551230001',
      MessageSid: outcome.messageSid,
      MessageType: 'text',
      NumMedia: '0',
      NumSegments: '1',
      ProfileName: 'Ana 🌻',
      ReferralNumMedia: '0',
      SmsMessageSid: outcome.messageSid,
      SmsSid: outcome.messageSid,
      SmsStatus: 'received',
      To: bench.twilio.sender,
      WaId: '15551230001',
    });
    expect(JSON.parse(ChannelMetadata ?? '')).toMatchObject({
      type: 'whatsapp',
      data: { context: { WaId: '15551230001' } },
    });
  });

  it('carry a signature that the official package accepts, over the URL without fragment and credentials', async () => {
    const origin = bench.app.origin.replace('http://', 'http://user:pa%40ss@');
    bench.twilio.webhook({ url: `${origin}/inbound?b=2&a='1'#rc=2&rp=all` });
    await ana().sends("it's me & you +1");
    const request = bench.app.requests.at(-1)!;
    const params = Object.fromEntries(new URLSearchParams(request.body));
    const signature = String(request.headers['x-twilio-signature']);
    const url = `${bench.app.origin}/inbound?b=2&a='1'`;
    expect(twilio.validateRequest(bench.twilio.authToken, signature, url, params)).toBe(true);
    expect(twilio.validateRequest('another token', signature, url, params)).toBe(false);
    expect(request.headers).toMatchObject({
      'user-agent': 'TwilioProxy/1.1',
      'content-type': 'application/x-www-form-urlencoded; charset=UTF-8',
      'i-twilio-idempotency-token': expect.stringMatching(/^[0-9a-f-]{36}$/),
      authorization: `Basic ${Buffer.from('user:pa@ss').toString('base64')}`,
    });
  });

  it('are signed with the new token once it was changed', async () => {
    const token = bench.twilio.changeToken();
    await ana().sends('hi');
    const request = bench.app.requests.at(-1)!;
    const params = Object.fromEntries(new URLSearchParams(request.body));
    const signature = String(request.headers['x-twilio-signature']);
    expect(twilio.validateRequest(token, signature, `${bench.app.origin}/inbound`, params)).toBe(true);
  });

  it('come in an order that is not the alphabet', async () => {
    await ana().sends('hi');
    const names = [...(bench.inbound()[0]?.keys() ?? [])];
    expect(names).not.toEqual(names.toSorted());
  });

  it('name a location', async () => {
    await ana().sendsLocation({ latitude: 52.5, longitude: 13.4, label: 'Tower', address: 'Square 1' });
    expect(last()).toMatchObject({
      MessageType: 'location',
      Body: '',
      Latitude: '52.5',
      Longitude: '13.4',
      Label: 'Tower',
      Address: 'Square 1',
    });
  });

  it('name a media file that can be fetched with credentials only, through a redirect', async () => {
    await ana().sendsImage({ data: Buffer.from('bytes'), contentType: 'image/jpeg', caption: 'look' });
    const { MediaUrl0, MediaContentType0, NumMedia, Body } = last();
    expect({ MediaContentType0, NumMedia, Body }).toEqual({
      MediaContentType0: 'image/jpeg',
      NumMedia: '1',
      Body: 'look',
    });
    const authorization = `Basic ${btoa(`${bench.twilio.accountSid}:${bench.twilio.authToken}`)}`;
    const refused = await fetch(MediaUrl0 ?? '', { redirect: 'manual' });
    expect(refused.status).toBe(401);
    const redirect = await fetch(MediaUrl0 ?? '', { redirect: 'manual', headers: { authorization } });
    expect(redirect.status).toBe(302);
    const file = await fetch(redirect.headers.get('location') ?? '');
    expect(file.headers.get('content-type')).toBe('image/jpeg');
    expect(await file.text()).toBe('bytes');
    await Promise.all([refused.text(), redirect.text()]);
  });

  it('let their media be listed, fetched and deleted', async () => {
    const { messageSid } = await ana().sendsVoice();
    const media = await bench.client.messages(messageSid).media.list();
    expect(media).toMatchObject([{ contentType: 'audio/ogg', parentSid: messageSid }]);
    const { sid } = media[0]!;
    expect((await bench.client.messages(messageSid).media(sid).fetch()).sid).toBe(sid);
    expect(await bench.client.messages(messageSid).media(sid).remove()).toBe(true);
    await expect(bench.client.messages(messageSid).media(sid).fetch()).rejects.toMatchObject({ code: 20404 });
  });

  it('send a contact as a vCard, a document and a sticker as files', async () => {
    await ana().sendsContact({ name: 'Bo', phone: '+15551230009' });
    expect(last()).toMatchObject({ MessageType: 'contacts', MediaContentType0: 'text/vcard', NumMedia: '1', Body: '' });
    await ana().sendsDocument();
    expect(last()).toMatchObject({ MessageType: 'document', MediaContentType0: 'application/pdf' });
    await ana().sendsSticker();
    expect(last()).toMatchObject({ MessageType: 'sticker', MediaContentType0: 'image/webp' });
  });

  it('say which message they answer or react to', async () => {
    const { messageSid } = await ana().sends('first');
    const quoted = { OriginalRepliedMessageSid: messageSid, OriginalRepliedMessageSender: 'whatsapp:+15551230001' };
    await ana().replies('second', { sid: messageSid });
    expect(last()).toMatchObject({ ...quoted, MessageType: 'text', Body: 'second' });
    await ana().reacts('👍', { sid: messageSid });
    expect(last()).toMatchObject({ ...quoted, MessageType: 'reaction', Body: '👍' });
  });

  it('of a user who shows the number carry it beside the business-scoped id', async () => {
    await bench.twilio.phone('+15551230001', { bsuid: 'US.13491208655302741918' }).sends('hi');
    expect(last()).toMatchObject({
      From: 'whatsapp:+15551230001',
      WaId: '15551230001',
      ExternalUserId: 'whatsapp:US.13491208655302741918',
    });
  });

  it('of a user who hides the number carry the business-scoped id alone', async () => {
    await bench.twilio.phone('US.13491208655302741918').sends('hi');
    expect(last()).toMatchObject({
      From: 'whatsapp:US.13491208655302741918',
      ExternalUserId: 'whatsapp:US.13491208655302741918',
    });
    expect(last()).not.toHaveProperty('WaId');
  });

  describe('and their answers', () => {
    it('send what the TwiML says, in order', async () => {
      bench.answer = (_request, response) =>
        twiml(
          response,
          '<?xml version="1.0" encoding="UTF-8"?><!-- two --><Response><Message>Hello &amp; <![CDATA[<welcome>]]></Message><Message><Body>Second &#128512;</Body></Message></Response>',
        );
      const outcome = await ana().sends('hi');
      expect(outcome.replies).toHaveLength(2);
      expect((await ana().receives()).body).toBe('Hello & <welcome>');
      expect((await ana().receives()).body).toBe('Second 😀');
      expect(bench.twilio.messages.at(-1)).toMatchObject({ direction: 'outbound-reply' });
    });

    it('send the application elsewhere for what to say', async () => {
      bench.answer = (request, response) =>
        request.url.pathname === '/inbound'
          ? twiml(
              response,
              '<Response><Message>one</Message><Redirect>next?a=1</Redirect><Message>never</Message></Response>',
            )
          : twiml(response, '<Response><Message>two</Message></Response>');
      expect((await ana().sends('hi')).replies).toHaveLength(2);
      expect([(await ana().receives()).body, (await ana().receives()).body]).toEqual(['one', 'two']);
      const { method, url, body } = bench.app.requests[1]!;
      expect([method, url.pathname + url.search, new URLSearchParams(body).get('Body')]).toEqual([
        'POST',
        '/next?a=1',
        'hi',
      ]);
    });

    it('send ten messages at most, with a warning', async () => {
      bench.answer = (_request, response) =>
        twiml(response, `<Response>${'<Message>hello</Message>'.repeat(11)}</Response>`);
      expect(await ana().sends('hi')).toMatchObject({
        replies: { length: 10 },
        alerts: [{ code: 14109, level: 'warning' }],
      });
    });

    it('are cut off after 15 replies to one user in 30 seconds', async () => {
      bench.answer = (_request, response) =>
        twiml(response, `<Response>${'<Message>hello</Message>'.repeat(8)}</Response>`);
      expect((await ana().sends('hi')).replies).toHaveLength(8);
      expect(await ana().sends('hi')).toMatchObject({ replies: { length: 7 }, alerts: [{ code: 14107 }] });
      bench.twilio.clock.advance('30s');
      expect((await ana().sends('hi')).replies).toHaveLength(8);
    });

    it.each([
      ['e=mars', 11240],
      ['rp=6xx', 11243],
    ])('come with a warning where the URL has the override %s', async (fragment, code) => {
      bench.twilio.webhook({ url: `${bench.app.origin}/inbound#${fragment}` });
      expect(await ana().sends('hi')).toMatchObject({ status: 200, alerts: [{ code, level: 'warning' }] });
    });

    it('pass plain text on to the user, as Twilio does', async () => {
      bench.answer = (_request, response) => response.writeHead(200, { 'content-type': 'text/plain' }).end('OK');
      await ana().sends('hi');
      expect((await ana().receives()).body).toBe('OK');
    });

    it.each([
      ['a server error', 11200, 500, 'text/xml', '<Response/>'],
      ['a refusal', 11200, 403, 'text/plain', 'no'],
      ['JSON', 12300, 200, 'application/json', '{}'],
      ['no content type', 11200, 200, undefined, ''],
      ['an empty document', 11770, 200, 'text/xml', ''],
      ['broken XML', 12100, 200, 'text/xml', '<Response><Message></Response>'],
      ['another root', 12102, 200, 'text/xml', '<Reply/>'],
      ['another version of XML', 12101, 200, 'text/xml', '<?xml version="1.1"?><Response/>'],
      ['more than 64 kB', 11750, 200, 'text/xml', `<Response>${' '.repeat(70_000)}</Response>`],
    ])('raise an alert for %s: %i', async (_what, code, status, contentType, body) => {
      bench.answer = (_request, response) =>
        response.writeHead(status, contentType === undefined ? {} : { 'content-type': contentType }).end(body);
      const outcome = await ana().sends('hi');
      expect(outcome.alerts).toMatchObject([{ code, messageSid: outcome.messageSid }]);
      expect(bench.twilio.alerts).toEqual(outcome.alerts);
    });

    it('go to the fallback URL when the first URL fails', async () => {
      bench.twilio.webhook({ url: `${bench.app.origin}/broken`, fallbackUrl: `${bench.app.origin}/inbound` });
      bench.answer = (request, response) =>
        request.url.pathname === '/broken'
          ? response.writeHead(500).end()
          : twiml(response, '<Response><Message>still here</Message></Response>');
      expect(await ana().sends('hi')).toMatchObject({ status: 200, alerts: [{ code: 11200 }] });
      expect(last()).toMatchObject({ ErrorCode: '11200', ErrorUrl: `${bench.app.origin}/broken`, Body: 'hi' });
      expect((await ana().receives()).body).toBe('still here');
    });

    it('are asked for once, whatever the server error', async () => {
      bench.answer = (_request, response) => response.writeHead(503).end();
      await ana().sends('hi');
      expect(bench.app.requests).toHaveLength(1);
    });

    it('are asked for again with the same idempotency token where the URL says so', async () => {
      bench.twilio.webhook({ url: `${bench.app.origin}/inbound#rc=2&rp=5xx` });
      bench.answer = (_request, response) =>
        bench.app.requests.length < 3 ? response.writeHead(503).end() : twiml(response);
      expect(await ana().sends('hi')).toMatchObject({ status: 200, alerts: [] });
      const tokens = bench.app.requests.map(({ headers }) => headers['i-twilio-idempotency-token']);
      expect(tokens).toHaveLength(3);
      expect(new Set(tokens).size).toBe(1);
    });

    it('lose the form on a redirect, which is followed with GET', async () => {
      bench.answer = (request, response) =>
        request.url.pathname === '/inbound' ? response.writeHead(302, { location: '/moved' }).end() : twiml(response);
      expect(await ana().sends('hi')).toMatchObject({ status: 200 });
      expect(bench.app.requests.at(-1)).toMatchObject({ method: 'GET', body: '' });
    });
  });

  it('raise 11205 when nobody listens, after one more try', async () => {
    await bench.app.close();
    const outcome = await ana().sends('hi');
    expect(outcome.status).toBeUndefined();
    expect(outcome.alerts).toMatchObject([{ code: 11205 }]);
    expect(bench.twilio.requests).toHaveLength(2);
  });

  it('go out with GET where the sender says so, signed over the URL with its query', async () => {
    bench.twilio.webhook({ url: `${bench.app.origin}/inbound?a=1#rc=1`, method: 'GET' });
    await ana().sends('hi there');
    const { method, url, headers } = bench.app.requests.at(-1)!;
    expect([method, url.searchParams.get('a'), url.searchParams.get('Body')]).toEqual(['GET', '1', 'hi there']);
    const signature = String(headers['x-twilio-signature']);
    expect(
      twilio.validateRequest(bench.twilio.authToken, signature, bench.app.origin + url.pathname + url.search, {}),
    ).toBe(true);
  });

  it('come with credentials of the URL that are not encoded as they should be', async () => {
    bench.twilio.webhook({ url: `${bench.app.origin.replace('//', '//100%:a%40b@')}/inbound` });
    expect(await ana().sends('hi')).toMatchObject({ status: 200, alerts: [] });
    expect(bench.app.requests.at(-1)?.headers.authorization).toBe(`Basic ${btoa('100%:a@b')}`);
  });

  it('stay on the phone where no webhook is set', async () => {
    const quiet = started(await TwilioEmulator.start());
    expect(await quiet.phone('+15551230001').sends('hi')).toMatchObject({ replies: [], alerts: [] });
    expect(quiet.messages).toMatchObject([{ direction: 'inbound', body: 'hi', status: 'received' }]);
  });
});

describe('The time limit of a webhook', () => {
  const started = stopsAfterEach();

  it('is 15 seconds by the clock', async () => {
    const clock = new ManualClock('2026-01-01T00:00:00Z');
    const bench = started(await startBench({ clock }));
    const asked = new Promise<void>((resolve) => {
      bench.answer = () => resolve();
    });
    const outcome = bench.twilio.phone('+15551230001').sends('hi');
    await asked;
    clock.advance('14s');
    expect(bench.twilio.alerts).toEqual([]);
    clock.advance('1s');
    expect((await outcome).alerts).toMatchObject([{ code: 11200 }]);
  });

  it.each([
    ['the answer', '#rt=2000', 11200, 1],
    ['the answer, and then tries again', '#rt=2000&rp=rt&rc=1', 11200, 2],
    ['all tries together', '#tt=2000', 11203, 1],
  ])('is what the fragment sets for %s', async (_what, fragment, code, tries) => {
    const clock = new ManualClock('2026-01-01T00:00:00Z');
    const bench = started(await startBench({ clock }));
    bench.twilio.webhook({ url: `${bench.app.origin}/inbound${fragment}` });
    const requests = new EventEmitter();
    bench.answer = () => requests.emit('request');
    let asked = once(requests, 'request');
    const outcome = bench.twilio.phone('+15551230001').sends('hi');
    for (let left = tries; left > 0; left -= 1) {
      await asked;
      asked = once(requests, 'request');
      clock.advance(1999);
      expect(bench.twilio.alerts).toEqual([]);
      clock.advance(1);
    }
    expect((await outcome).alerts).toMatchObject([{ code }]);
    expect(bench.inbound()).toHaveLength(tries);
  });
});
