import { readdirSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { type Bench, startBench } from './bench';

const PAGE = join(__dirname, '../../src/emulator/page');
const NAMES =
  /^https?:\/\/(www\.w3\.org|www\.openstreetmap\.org|www\.twilio\.com|www\.matroska\.org|faq\.whatsapp\.com|127\.0\.0\.1|\[)/;

/** Every file of the page, by its path. */
function pageFiles(): string[] {
  return readdirSync(PAGE, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(PAGE.length));
}

describe('The phone page and its control', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await startBench();
  });
  afterEach(() => bench.stop());

  const get = async (path: string, headers: Record<string, string> = {}) => {
    const response = await fetch(bench.twilio.url + path, { headers: { connection: 'close', ...headers } });
    return { response, text: await response.text() };
  };
  const post = async (path: string, body: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(bench.twilio.url + path, {
      method: 'POST',
      headers: { connection: 'close', 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await response.text();
    const parsed: Record<string, unknown> = JSON.parse(text === '' ? '{}' : text);
    return { status: response.status, body: parsed };
  };

  it.each([
    ['/', 'text/html', '<title>'],
    ['/styles/tokens.css', 'text/css', 'prefers-color-scheme'],
    ['/images/icon.svg', 'image/svg+xml', '<svg'],
    ['/main.js', 'text/javascript', 'import'],
    ['/base/dom.js', 'text/javascript', 'export'],
  ])('serves %s under a policy that lets nothing in from elsewhere', async (path, type, content) => {
    const { response, text } = await get(path);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain(type);
    expect(text).toContain(content);
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('has no inline script or style, and writes no HTML', async () => {
    expect((await get('/')).text).not.toMatch(/ style=| on\w+=|<style|<script(?! src="\/main\.js")/);
    const scripts = pageFiles().filter((path) => path.endsWith('.js'));
    expect(scripts.length).toBeGreaterThan(20);
    for (const script of scripts) {
      expect((await get(script)).text).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(/);
    }
  });

  it('names nothing that is elsewhere', async () => {
    for (const path of pageFiles()) {
      const { response, text } = await get(path);
      expect(response.status).toBe(200);
      const places = text.match(/https?:\/\/[^\s'"`)\]]+/g) ?? [];
      // Names, not addresses: of XML, of documents that the comments follow, of a map that a click leads to, of examples.
      expect(places.filter((place) => !NAMES.test(place))).toEqual([]);
    }
  });

  it('answers 404 to any other path', async () => {
    for (const path of ['/nothing', '/../package.json', '/%2e%2e/emulator.ts', '/constructor', '/_emulator/nothing']) {
      expect((await get(path)).response.status).toBe(404);
    }
  });

  it('sends as a phone, and shows it in the state without credentials', async () => {
    expect(await post('/_emulator/phones', { phone: '+15551230001', profileName: 'Ana' })).toMatchObject({
      status: 201,
    });
    const { body } = await post('/_emulator/messages', { phone: '+15551230001', kind: 'text', text: 'hi' });
    expect(body).toMatchObject({ status: 200, alerts: [] });
    expect(bench.inbound()[0]?.get('ProfileName')).toBe('Ana');
    const { text } = await get('/_emulator/state');
    expect(JSON.parse(text)).toMatchObject({
      sender: bench.twilio.sender,
      users: [{ id: '+15551230001', profileName: 'Ana' }],
      messages: [{ sid: body.messageSid, body: 'hi', direction: 'inbound', reception: 'taken' }],
    });
    expect(text).not.toContain(bench.twilio.authToken);
  });

  it('lets the page say what was read', async () => {
    await post('/_emulator/phones', { phone: '+15551230001' });
    await post('/_emulator/messages', { phone: '+15551230001', text: 'hi' });
    await bench.client.messages.create({ from: bench.twilio.sender, to: 'whatsapp:+15551230001', body: 'hello' });
    await bench.twilio.settles();
    expect(bench.twilio.messages.at(-1)?.status).toBe('delivered');
    expect(await post('/_emulator/read', { phone: '+15551230001' })).toMatchObject({ status: 204 });
    expect(bench.twilio.messages.at(-1)?.status).toBe('read');
  });

  it('sends any kind of message as an answer to another, and forwarded', async () => {
    const phone = '+15551230001';
    const { body } = await post('/_emulator/messages', { phone, text: 'first' });
    const replyTo = body.messageSid;
    await post('/_emulator/messages', { phone, kind: 'image', replyTo, forwarded: 'frequently', filename: 'a.png' });
    expect(Object.fromEntries(bench.inbound()[1] ?? [])).toMatchObject({
      OriginalRepliedMessageSid: replyTo,
      OriginalRepliedMessageSender: `whatsapp:${phone}`,
      Forwarded: 'true',
      FrequentlyForwarded: 'true',
    });
    const { text } = await get('/_emulator/state');
    expect(JSON.parse(text).messages[1]).toMatchObject({
      replyTo,
      forwarded: 'frequently',
      media: [{ filename: 'a.png', contentType: 'image/png', here: true }],
    });
  });

  it('takes a phone off the network and back, and lets it keep what it read to itself', async () => {
    const phone = '+15551230001';
    await post('/_emulator/phones', { phone, online: false, readReceipts: false });
    await bench.twilio.phone(phone).sends('hi');
    await bench.client.messages.create({ from: bench.twilio.sender, to: `whatsapp:${phone}`, body: 'hello' });
    await bench.twilio.settles();
    expect(bench.twilio.messages.at(-1)?.status).toBe('sent');
    await post('/_emulator/phones', { phone, online: true });
    await bench.twilio.settles();
    await post('/_emulator/read', { phone });
    expect(bench.twilio.messages.at(-1)?.status).toBe('delivered');
  });

  it('switches trouble on, counts it down, and moves the clock', async () => {
    const phone = '+15551230001';
    await bench.twilio.phone(phone).sends('hi');
    const closesAt = async () => {
      const { users, now } = JSON.parse((await get('/_emulator/state')).text);
      return users[0].chats[0].windowClosesAt - now;
    };
    expect(await closesAt()).toBeGreaterThan(23 * 3_600_000);
    expect(await post('/_emulator/clock', { advance: '25h' })).toMatchObject({ status: 200 });
    expect(await closesAt()).toBeLessThan(0);
    expect(await post('/_emulator/faults', { rest: { status: 429, times: 2 } })).toMatchObject({ status: 204 });
    const create = () =>
      bench.client.messages.create({ from: bench.twilio.sender, to: `whatsapp:${phone}`, body: 'hello' });
    await expect(create()).rejects.toMatchObject({ status: 429 });
    expect(JSON.parse((await get('/_emulator/state')).text).faults).toEqual({ rest: { status: 429, times: 1 } });
    await expect(create()).rejects.toMatchObject({ status: 429 });
    expect(JSON.parse((await get('/_emulator/state')).text).faults).toEqual({});
  });

  it('writes to the sender that is named', async () => {
    const other = bench.twilio.subaccount({ senders: ['whatsapp:+15550009999'] });
    other.webhook({ url: `${bench.app.origin}/other` });
    const phone = '+15551230001';
    await post('/_emulator/messages', { phone, sender: 'whatsapp:+15550009999', text: 'hi' });
    expect(bench.app.requests.map(({ url }) => url.pathname)).toEqual(['/other']);
    expect(await post('/_emulator/messages', { phone, sender: 'whatsapp:+1', text: 'hi' })).toMatchObject({
      status: 400,
    });
  });

  it('sets the webhook', async () => {
    expect(await post('/_emulator/webhook', { url: `${bench.app.origin}/elsewhere` })).toMatchObject({ status: 204 });
    await bench.twilio.phone('+15551230001').sends('hi');
    expect(bench.app.requests[0]?.url.pathname).toBe('/elsewhere');
  });

  it.each([
    ['no JSON', '/_emulator/messages', 'text', 400],
    ['no phone', '/_emulator/messages', { text: 'hi' }, 400],
    ['a phone that is none', '/_emulator/messages', { phone: 'Ana', text: 'hi' }, 400],
    ['an unknown kind', '/_emulator/messages', { phone: '+15551230001', kind: 'poll' }, 400],
    [
      'a place that is not on earth',
      '/_emulator/messages',
      { phone: '+15551230001', kind: 'location', latitude: 91, longitude: 0 },
      400,
    ],
    ['a button that is not there', '/_emulator/messages', { phone: '+15551230001', kind: 'tap', title: 'Yes' }, 409],
    ['a webhook that is no URL', '/_emulator/webhook', { url: 'javascript:alert(1)' }, 400],
    ['a mark that is none', '/_emulator/messages', { phone: '+15551230001', text: 'hi', forwarded: 'often' }, 400],
    ['an answer to nothing', '/_emulator/messages', { phone: '+15551230001', text: 'hi', replyTo: 'SM1' }, 409],
    ['a fault that is none', '/_emulator/faults', { rest: { status: 200 } }, 400],
    ['a duration that is none', '/_emulator/clock', { advance: 'soon' }, 400],
    ['another path', '/_emulator/nothing', {}, 404],
  ])('refuses %s', async (_what, path, body, status) => {
    expect(await post(path, body)).toMatchObject({ status, body: { error: expect.any(String) } });
  });

  it('refuses a page from elsewhere', async () => {
    const command = { phone: '+15551230001', text: 'hi' };
    expect(await post('/_emulator/messages', command, { origin: 'https://evil.example' })).toMatchObject({
      status: 403,
    });
    expect(await post('/_emulator/messages', command, { 'content-type': 'text/plain' })).toMatchObject({ status: 415 });
    expect(bench.twilio.messages).toEqual([]);
    expect((await get('/_emulator/state')).response.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('refuses a name that only pretends to be this machine', async () => {
    const status = await new Promise((resolve, reject) => {
      const request = httpRequest(`${bench.twilio.url}/_emulator/state`, {
        headers: { host: 'evil.example' },
        agent: false,
      });
      request.on('response', (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.on('error', reject);
      request.end();
    });
    expect(status).toBe(403);
  });

  it('streams the state and then what happens', async () => {
    const response = await fetch(`${bench.twilio.url}/_emulator/events`);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    const until = async (part: string) => {
      while (!text.includes(part)) text += (await reader.read()).value ?? '';
    };
    await until('event: state\ndata: {');
    await bench.twilio.phone('+15551230001').sends('<img src=x onerror=alert(1)>');
    await until('event: message\n');
    await until('"body":"<img src=x onerror=alert(1)>"');
    await until('event: request\n');
    await reader.cancel();
  });

  it('serves a part of a file where a player asks for it', async () => {
    const data = Buffer.from('0123456789').toString('base64');
    await post('/_emulator/messages', { phone: '+15551230001', kind: 'voice', data, contentType: 'audio/ogg' });
    const path = `/_emulator/media/${bench.twilio.messages[0]?.media[0]?.sid}`;
    for (const [range, status, text, contentRange] of [
      ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
      ['bytes=7-', 206, '789', 'bytes 7-9/10'],
      ['bytes=-2', 206, '89', 'bytes 8-9/10'],
      ['bytes=8-99', 206, '89', 'bytes 8-9/10'],
      ['bytes=10-', 416, '', 'bytes */10'],
      ['bytes=a-b', 200, '0123456789', null],
    ] as const) {
      const part = await get(path, { range });
      expect([part.response.status, part.text]).toEqual([status, text]);
      expect(part.response.headers.get('content-range')).toBe(contentRange);
    }
  });

  it('never lets a file that a user sent run as a page', async () => {
    await post('/_emulator/messages', {
      phone: '+15551230001',
      kind: 'document',
      data: Buffer.from('<script>alert(1)</script>').toString('base64'),
      contentType: 'text/html',
    });
    const { response } = await get(`/_emulator/media/${bench.twilio.messages[0]?.media[0]?.sid}`);
    expect(response.headers.get('content-type')).toBe('application/octet-stream');
    expect(response.headers.get('content-disposition')).toBe('attachment');
    expect(response.headers.get('content-security-policy')).toContain('sandbox');
  });
});
