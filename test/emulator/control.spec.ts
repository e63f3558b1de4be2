import { once } from 'node:events';
import { officialClientFor } from '../support/official-client';
import { type Bench, startBench } from './bench';

const ANA = '+15551230001';

describe('The control', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await startBench();
  });
  afterEach(() => bench.stop());

  const post = async (path: string, body: object) => {
    const response = await fetch(`${bench.twilio.url}/_emulator${path}`, {
      method: 'POST',
      headers: { connection: 'close', 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    const parsed: Record<string, unknown> = JSON.parse(text === '' ? '{}' : text);
    return { status: response.status, body: parsed };
  };
  const state = async () => {
    const response = await fetch(`${bench.twilio.url}/_emulator/state`, { headers: { connection: 'close' } });
    const text = await response.text();
    const parsed: Record<string, unknown> = JSON.parse(text);
    return { text, parsed };
  };

  it('moves the clock, and tells', async () => {
    const moved = once(bench.twilio.events, 'clock');
    const before = Number((await state()).parsed.now);
    const { status, body } = await post('/clock', { advance: '25h' });
    expect(status).toBe(200);
    expect(Number(body.now) - before).toBeGreaterThanOrEqual(25 * 3_600_000);
    const [told] = (await moved) as [number];
    expect(told - before).toBeGreaterThanOrEqual(25 * 3_600_000);
    expect(told).toBeLessThanOrEqual(Number(body.now)); // the clock goes on
    expect(await post('/clock', { advance: 'soon' })).toMatchObject({ status: 400 });
  });

  it('makes trouble at a rate, and shows it', async () => {
    expect(await post('/faults', { rates: { 429: 1 }, retryAfter: 3 })).toMatchObject({ status: 204 });
    expect((await state()).parsed.faults).toEqual({ rates: { 429: 1 }, retryAfter: 3 });
    const message = { from: bench.twilio.sender, to: `whatsapp:${ANA}`, body: 'x' };
    await expect(bench.client.messages.create(message)).rejects.toMatchObject({ status: 429 });
    expect(await post('/faults', { rates: { 429: 7 } })).toMatchObject({ status: 400 });
    expect(await post('/faults', {})).toMatchObject({ status: 204 });
    await bench.client.messages.create(message);
  });

  it('adds accounts, whose phones and webhooks are reached by their sender, and suspends them', async () => {
    const { body } = await post('/accounts', {
      friendlyName: 'Branch',
      parentSid: bench.twilio.accountSid,
      sender: 'whatsapp:+15550006000',
    });
    const sender = 'whatsapp:+15550006000';
    expect(await post('/webhook', { sender, url: `${bench.app.origin}/branch` })).toMatchObject({ status: 204 });
    expect(await post('/messages', { phone: ANA, sender, text: 'hi' })).toMatchObject({ body: { status: 200 } });
    expect(bench.app.requests.at(-1)?.url.pathname).toBe('/branch');
    const { text, parsed } = await state();
    expect(parsed.accounts).toMatchObject([
      { sid: bench.twilio.accountSid },
      { sid: body.accountSid, ownerSid: bench.twilio.accountSid, senders: [{ address: sender }] },
    ]);
    expect(parsed.messages).toMatchObject([{ accountSid: body.accountSid, sender, body: 'hi' }]);
    expect(text).not.toContain(body.authToken);
    const client = officialClientFor({
      url: bench.twilio.url,
      accountSid: String(body.accountSid),
      authToken: String(body.authToken),
    });
    expect(await client.messages.list()).toHaveLength(1);
    await post('/accounts/status', { accountSid: body.accountSid, status: 'suspended' });
    await expect(client.messages.list()).rejects.toMatchObject({ code: 20005 });
    expect(await post('/messages', { phone: ANA, sender: 'whatsapp:+15550006001', text: 'hi' })).toMatchObject({
      status: 400,
    });
  });

  it('adds templates, and says what WhatsApp thinks of them', async () => {
    const types = { 'twilio/text': { body: 'Hello' } };
    const { body } = await post('/templates', { types, friendlyName: 'hello', approved: false });
    const contentSid = String(body.contentSid);
    await post('/templates/approval', { contentSid, status: 'rejected', rejectionReason: 'INVALID_FORMAT' });
    const { whatsapp } = await bench.client.content.v1.contents(contentSid).approvalFetch().fetch();
    expect(whatsapp).toMatchObject({ status: 'rejected', rejection_reason: 'INVALID_FORMAT' });
    expect((await state()).parsed.accounts).toMatchObject([
      { templates: [{ sid: contentSid, friendlyName: 'hello' }] },
    ]);
    expect(await post('/templates', { types: {} })).toMatchObject({ status: 400 });
    expect(await post('/templates/approval', { contentSid, status: 'loved' })).toMatchObject({ status: 400 });
  });

  it('changes what a phone lets through', async () => {
    await post('/phones', { phone: ANA, blocked: true, optedOut: true, online: false, onWhatsapp: false });
    expect((await state()).parsed.users).toMatchObject([
      { id: ANA, online: false, onWhatsapp: false, chats: [{ blocked: true, optedOut: true }] },
    ]);
  });

  it('shows a webhook with its signature, and no token in any answer of REST', async () => {
    await bench.twilio.phone(ANA).sends('hi');
    await bench.client.api.v2010.accounts(bench.twilio.accountSid).fetch();
    const { secret } = await bench.client.newKeys.create();
    const { secondaryAuthToken } = await bench.client.accounts.v1.secondaryAuthToken().create();
    const { text, parsed } = await state();
    expect(parsed.requests).toMatchObject([
      {
        kind: 'inbound',
        headers: { 'x-twilio-signature': expect.stringMatching(/=$/) },
        answer: { body: '<Response/>' },
      },
      { kind: 'rest', method: 'GET' },
      { kind: 'rest', method: 'POST' },
      { kind: 'rest', method: 'POST' },
    ]);
    for (const credential of [bench.twilio.authToken, secret, secondaryAuthToken])
      expect(text).not.toContain(credential);
  });
});
