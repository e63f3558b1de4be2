import { assertAccountResource, assertMessageList, assertMessageResource } from '../support/twilio-openapi';
import { officialClientFor } from '../support/official-client';
import { sendRaw, statusOf } from '../support/raw-http';
import { type Bench, startBench } from './bench';

const USER = 'whatsapp:+15551230001';

describe('REST: messages, judged by the official client', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await startBench();
  });
  afterEach(() => bench.stop());

  const create = (overrides: Record<string, unknown> = {}) =>
    bench.client.messages.create({ from: bench.twilio.sender, to: USER, body: 'hello', ...overrides });

  const raw = async (path: string, init: RequestInit = {}) => {
    const { twilio } = bench;
    const authorization = `Basic ${Buffer.from(`${twilio.accountSid}:${twilio.authToken}`).toString('base64')}`;
    const response = await fetch(`${twilio.url}/2010-04-01/Accounts/${twilio.accountSid}${path}`, {
      redirect: 'manual',
      ...init,
      headers: { authorization, connection: 'close' },
    });
    return { response, text: await response.text() };
  };

  it('creates a message that is queued and not sent yet', async () => {
    const message = await create();
    expect(message).toMatchObject({
      accountSid: bench.twilio.accountSid,
      body: 'hello',
      direction: 'outbound-api',
      status: 'queued',
      to: USER,
      from: bench.twilio.sender,
      numMedia: '0',
      dateSent: null,
      errorCode: null,
    });
    expect(message.sid).toMatch(/^SM[0-9a-f]{32}$/);
    expect(message.dateCreated.getTime()).toBeLessThanOrEqual(Date.now());
  });

  it("answers in the shape of Twilio's published description", async () => {
    const form = new URLSearchParams({ From: bench.twilio.sender, To: USER, Body: 'hello' });
    const { response, text } = await raw('/Messages.json', { method: 'POST', body: form });
    expect(response.status).toBe(201);
    assertMessageResource(JSON.parse(text));
    expect(response.headers.get('twilio-request-id')).toMatch(/^RQ[0-9a-f]{32}$/);
    assertMessageList(JSON.parse((await raw('/Messages.json')).text));
    assertAccountResource(JSON.parse((await raw('.json')).text));
  });

  it('fetches, redacts and deletes a message', async () => {
    await bench.twilio.phone('+15551230001').sends('hi');
    const { sid } = await create();
    await bench.twilio.settles();
    await bench.client.messages(bench.twilio.messages.at(-2)!.sid).remove();
    expect((await bench.client.messages(sid).fetch()).dateSent).toBeInstanceOf(Date);
    expect((await bench.client.messages(sid).update({ body: '' })).body).toBe('');
    expect(await bench.client.messages(sid).remove()).toBe(true);
    await expect(bench.client.messages(sid).fetch()).rejects.toMatchObject({ status: 404, code: 20404 });
  });

  it('lists the newest first and pages through all of them, each once', async () => {
    const sids: string[] = [];
    for (let index = 0; index < 7; index += 1) sids.push((await create({ body: `message ${index}` })).sid);
    const listed = await bench.client.messages.list({ pageSize: 3 });
    expect(listed.map(({ sid }) => sid)).toEqual(sids.toReversed());
    const second = await (await bench.client.messages.page({ pageSize: 3 })).nextPage();
    expect(second?.instances.map(({ sid }) => sid)).toEqual(sids.toReversed().slice(3, 6));
    const first = await second?.previousPage();
    expect(first?.instances.map(({ sid }) => sid)).toEqual(sids.toReversed().slice(0, 3));
  });

  it('keeps its pages apart while new messages come in', async () => {
    for (let index = 0; index < 4; index += 1) await create();
    const page = await bench.client.messages.page({ pageSize: 2 });
    const seen = new Set(page.instances.map(({ sid }) => sid));
    await create();
    const next = await page.nextPage();
    expect(next?.instances.filter(({ sid }) => seen.has(sid))).toEqual([]);
    expect(next?.instances).toHaveLength(2);
  });

  it('filters by recipient, sender and time of sending', async () => {
    await create();
    await create({ to: 'whatsapp:+15551230002' });
    await bench.twilio.settles();
    const list = async (filter: object) => (await bench.client.messages.list(filter)).length;
    expect(await list({ to: USER })).toBe(1);
    expect(await list({ from: USER })).toBe(0);
    expect(await list({ dateSentAfter: new Date(Date.now() - 86_400_000) })).toBe(0);
    await bench.twilio.phone('+15551230001').sends('hi');
    const { sid } = await create();
    await bench.twilio.settles();
    await bench.client.messages(bench.twilio.messages.at(-2)!.sid).remove();
    const { dateSent } = await bench.client.messages(sid).fetch();
    expect(await list({ dateSentAfter: new Date(Date.now() - 60_000) })).toBe(1);
    expect(await list({ dateSentBefore: new Date(Date.now() - 60_000) })).toBe(0);
    expect(await list({ dateSent })).toBe(1);
    expect(await list({ dateSent: new Date(dateSent.getTime() + 1000) })).toBe(0);
  });

  it('refuses a page that was computed instead of followed', async () => {
    const { response } = await raw('/Messages.json?Page=2');
    expect(response.status).toBe(400);
  });

  it.each([
    ['no To', 21604, { to: '' }],
    ['a To that is no address', 21211, { to: 'whatsapp:nobody' }],
    ['no From', 21603, { from: undefined }],
    ['a From that is no address', 21212, { from: 'whatsapp:nobody' }],
    ['another sender', 63007, { from: 'whatsapp:+15550000000' }],
    ['a number of someone else', 21660, { from: '+15550000000', to: '+15551230001' }],
    ['two channels', 21910, { to: '+15551230001' }],
    ['the sender itself as recipient', 63031, { to: 'whatsapp:+15550006789' }],
    ['nothing to send', 21619, { body: undefined }],
    ['more than 1600 characters', 21617, { body: 'x'.repeat(1601) }],
    ['media that is no URL', 21620, { mediaUrl: ['picture.png'] }],
    ['more than 10 media', 21623, { mediaUrl: Array.from({ length: 11 }, (_, n) => `https://example.com/${n}.png`) }],
    ['variables without content', 21654, { contentVariables: '{"1":"x"}' }],
    ['unknown content', 21655, { contentSid: `HX${'0'.repeat(32)}`, body: undefined }],
    ['a callback that is no URL', 21609, { statusCallback: 'not a url' }],
    ['a callback host with an underscore', 21609, { statusCallback: 'https://my_host.example.com/' }],
    ['an unknown messaging service', 21701, { messagingServiceSid: `MG${'0'.repeat(32)}` }],
    ['a kind of scheduling that there is not', 35126, { scheduleType: 'weekly', sendAt: new Date() }],
    ['scheduling without a messaging service', 35118, { scheduleType: 'fixed', sendAt: new Date() }],
  ])('refuses %s with %i', async (_what, code, overrides) => {
    await expect(create(overrides)).rejects.toMatchObject({
      code,
      status: code === 21701 ? 404 : 400,
      moreInfo: `https://www.twilio.com/docs/errors/${code}`,
    });
    expect(bench.twilio.messages).toEqual([]);
  });

  it.each([['not JSON'], ['[]'], ['{"1":2}'], ['{"1":""}'], ['{"1":"two\\nlines"}'], ['"text"']])(
    'refuses the content variables %s with 21656',
    async (contentVariables) => {
      const contentSid = bench.twilio.content({ types: { 'twilio/text': { body: 'Hi {{1}}' } } });
      await expect(create({ contentSid, contentVariables, body: undefined })).rejects.toMatchObject({ code: 21656 });
    },
  );

  it.each([
    ['a wrong token', { password: 'wrong' }],
    ['another account', { username: `AC${'0'.repeat(32)}` }],
    ['an API key that does not exist', { username: `SK${'0'.repeat(32)}`, password: 'secret' }],
  ])('refuses %s with 401 and 20003', async (_what, credentials) => {
    const client = officialClientFor(bench.twilio, credentials);
    await expect(client.messages.list()).rejects.toMatchObject({ status: 401, code: 20003 });
  });

  it('refuses its own credentials on the path of another account', async () => {
    const { url, accountSid, authToken } = bench.twilio;
    const authorization = `Basic ${btoa(`${accountSid}:${authToken}`)}`;
    const path = `/2010-04-01/Accounts/AC${'0'.repeat(32)}/Messages.json`;
    const response = await fetch(url + path, { headers: { authorization, connection: 'close' } });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toMatch(/^Basic /);
    await response.text();
  });

  it('counts two code units of an emoji as one character of the body', async () => {
    await expect(create({ body: '🙂'.repeat(1600) })).resolves.toMatchObject({ status: 'queued' });
  });

  const error = async (path: string, init: { body?: string } = {}) => {
    const { accountSid, authToken, url } = bench.twilio;
    const authorization = `Basic ${btoa(`${accountSid}:${authToken}`)}`;
    const headers = { authorization, connection: 'close', 'content-type': 'application/json' };
    const method = init.body === undefined ? 'GET' : 'POST';
    const response = await fetch(url + path, { method, headers, ...init });
    const { code, status, more_info: moreInfo } = (await response.json()) as Record<string, unknown>;
    expect([response.status, moreInfo]).toEqual([status, `https://www.twilio.com/docs/errors/${String(code)}`]);
    return [status, code];
  };
  const typing = (fields: object) =>
    error('/v3/Indicators/Typing.json', { body: JSON.stringify({ channel: 'WHATSAPP', ...fields }) });

  it.each([
    ['/v1/Content', '{bad'],
    ['/v1/Content', '[]'],
    ['/v2/Channels/Senders', '{bad'],
    ['/v3/Indicators/Typing.json', '{bad'],
  ])('refuses a POST to %s of %j, which is no JSON object', async (path, body) => {
    expect(await error(path, { body })).toEqual([400, 20001]);
  });

  it('refuses a typing indicator for what is no message with 400, and for an unknown one with 404', async () => {
    expect(await typing({})).toEqual([400, 20422]);
    expect(await typing({ messageId: 'SM1' })).toEqual([400, 20422]);
    expect(await typing({ messageId: `SM${'0'.repeat(32)}` })).toEqual([404, 20404]);
  });

  it.each([
    [`/v1/Services/MG${'0'.repeat(32)}`],
    [`/v1/Content/HX${'0'.repeat(32)}`],
    [`/v2/Channels/Senders/XE${'0'.repeat(32)}`],
    [`/v1/Alerts/NO${'0'.repeat(32)}`],
    ['/v1/Services/MG1'],
    ['/v1/Nothing'],
  ])('answers GET %s, which it does not have, with 404', async (path) => {
    expect(await error(path)).toEqual([404, 20404]);
  });

  it.each([['/v1/Services'], ['/v1/Content'], ['/v1/Alerts']])(
    'refuses a page token that is none at %s',
    async (path) => {
      expect(await error(`${path}?PageToken=PAbogus`)).toEqual([400, 20422]);
    },
  );

  it('answers HEAD as GET, without a body', async () => {
    const { response, text } = await raw('/Messages.json', { method: 'HEAD' });
    expect([response.status, text]).toEqual([200, '']);
    expect(response.headers.get('content-length')).toBe(String((await raw('/Messages.json')).text.length));
    expect((await raw(`/Messages/SM${'0'.repeat(32)}.json`, { method: 'HEAD' })).response.status).toBe(404);
    expect((await fetch(bench.twilio.url, { method: 'HEAD', headers: { connection: 'close' } })).status).toBe(200);
  });

  it('says which methods there are when it refuses one', async () => {
    const { response } = await raw('/Messages.json', { method: 'PATCH' });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, POST']);
  });

  it('takes a form whatever the case of its content type', async () => {
    const { accountSid, authToken, url, sender } = bench.twilio;
    const response = await fetch(`${url}/2010-04-01/Accounts/${accountSid}/Messages.json`, {
      method: 'POST',
      body: new URLSearchParams({ From: sender, To: USER, Body: 'hi' }).toString(),
      headers: {
        authorization: `Basic ${btoa(`${accountSid}:${authToken}`)}`,
        connection: 'close',
        'content-type': 'Application/X-WWW-Form-urlencoded; charset=UTF-8',
      },
    });
    expect(response.status).toBe(201);
    await response.text();
  });

  it.each([['http://['], ['*'], ['//']])('outlives the target %s, and its second origin does', async (target) => {
    await bench.twilio.phone('+15551230001').sendsImage();
    const { sid, media } = bench.twilio.messages[0]!;
    const location = (await raw(`/Messages/${sid}/Media/${media[0]?.sid}`)).response.headers.get('location') ?? '';
    for (const origin of [bench.twilio.url, new URL(location).origin]) {
      expect(statusOf(await sendRaw(origin, [`OPTIONS ${target} HTTP/1.1`]))).toBeGreaterThanOrEqual(400);
    }
    expect((await raw('.json')).response.status).toBe(200);
  });

  it('answers an unknown path with 404 and 20404, and an unknown method with 405', async () => {
    expect((await raw('/Nothing.json')).response.status).toBe(404);
    expect((await raw('/Messages.json', { method: 'PUT' })).response.status).toBe(405);
  });

  it('says that it answers in JSON alone where another format is asked for', async () => {
    for (const path of ['/Messages.xml', '/Messages.csv', `/Messages/SM${'0'.repeat(32)}.xml`, '.xml']) {
      const { response, text } = await raw(path);
      expect([response.status, JSON.parse(text)]).toEqual([404, expect.objectContaining({ code: 20404 })]);
      expect(text).toMatch(/does not answer in (xml|csv): ask for .*\.json/);
    }
    expect((await raw('/Nothing.xml')).text).toMatch(/was not found/);
  });

  it('refuses a form of more than 256 kB', async () => {
    const { response } = await raw('/Messages.json', {
      method: 'POST',
      body: new URLSearchParams({ Body: 'x'.repeat(300_000) }),
    });
    expect(response.status).toBe(413);
  });

  it('logs the call without credentials', async () => {
    await create({ statusCallback: 'https://user:secret@example.com/status' });
    const call = bench.twilio.requests.find(({ kind }) => kind === 'rest');
    expect(call).toMatchObject({ method: 'POST', status: 201 });
    expect(JSON.stringify(bench.twilio.requests)).not.toMatch(new RegExp(`secret|${bench.twilio.authToken}`));
  });
});

describe('REST: the account', () => {
  const key = { sid: `SK${'1'.repeat(32)}`, secret: 'key-secret' };
  let bench: Bench;
  beforeEach(async () => {
    bench = await startBench({ apiKeys: [key] });
  });
  afterEach(() => bench.stop());

  it('lets an API key read messages and not the account', async () => {
    const client = officialClientFor(bench.twilio, { username: key.sid, password: key.secret });
    expect(await client.messages.list()).toEqual([]);
    await expect(client.api.v2010.accounts(bench.twilio.accountSid).fetch()).rejects.toMatchObject({ code: 20003 });
  });

  it('shows a suspension, and refuses everything else with 20005 until it ends', async () => {
    const status = async () => (await bench.client.api.v2010.accounts(bench.twilio.accountSid).fetch()).status;
    bench.twilio.suspend();
    expect(await status()).toBe('suspended');
    await expect(bench.client.messages.list()).rejects.toMatchObject({ status: 403, code: 20005 });
    bench.twilio.activate();
    expect(await status()).toBe('active');
    expect(await bench.client.messages.list()).toEqual([]);
  });

  it('refuses the old token as soon as it is changed', async () => {
    bench.twilio.changeToken();
    await expect(bench.client.messages.list()).rejects.toMatchObject({ code: 20003 });
    expect(await officialClientFor(bench.twilio).messages.list()).toEqual([]);
  });
});
