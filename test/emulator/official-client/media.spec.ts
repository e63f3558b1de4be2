import { ManualClock } from '../../../src/common/manual-clock';
import { type Bench, startBench } from '../bench';

const USER = '+15551230001';

const get = async (url: string, headers: Record<string, string> = {}) => {
  const response = await fetch(url, { redirect: 'manual', headers: { connection: 'close', ...headers } });
  return { status: response.status, headers: response.headers, text: await response.text() };
};

describe('Media', () => {
  const clock = new ManualClock('2026-01-01T00:00:00Z');
  let bench: Bench;
  beforeEach(async () => {
    bench = await startBench({ clock, mediaDelayMs: 500 });
  });
  afterEach(() => bench.stop());

  const authorization = () => `Basic ${btoa(`${bench.twilio.accountSid}:${bench.twilio.authToken}`)}`;
  const mediaUrl = async () => {
    await bench.twilio.phone(USER).sendsImage({ data: Buffer.from('bytes'), contentType: 'image/jpeg' });
    return bench.inbound().at(-1)?.get('MediaUrl0') ?? '';
  };

  it('are missing for the first moment', async () => {
    const url = await mediaUrl();
    expect(await get(url, { authorization: authorization() })).toMatchObject({ status: 404 });
    clock.advance(500);
    expect(await get(url, { authorization: authorization() })).toMatchObject({ status: 302 });
  });

  it('are on another origin, whose signed address does without credentials and with them does not', async () => {
    const url = await mediaUrl();
    clock.advance(500);
    const location = (await get(url, { authorization: authorization() })).headers.get('location') ?? '';
    expect(new URL(location).origin).not.toBe(bench.twilio.url);
    expect(await get(location)).toMatchObject({ status: 200, text: 'bytes' });
    expect(await get(location, { authorization: authorization() })).toMatchObject({ status: 400 });
    expect(await get(location.replace(/Signature=./, 'Signature=x'))).toMatchObject({ status: 403 });
    expect(await get(location.replace('/AC', '/AD'))).toMatchObject({ status: 403 });
    clock.advance('4h');
    expect(await get(location)).toMatchObject({ status: 403 });
  });

  it('are missing as often as a fault says', async () => {
    const url = await mediaUrl();
    clock.advance(500);
    bench.twilio.faults({ rates: { mediaMissing: 1 } });
    expect(await get(url, { authorization: authorization() })).toMatchObject({ status: 404 });
    bench.twilio.faults({});
    expect(await get(url, { authorization: authorization() })).toMatchObject({ status: 302 });
  });

  it('are gone once they or their message are deleted', async () => {
    const url = await mediaUrl();
    clock.advance(500);
    const location = (await get(url, { authorization: authorization() })).headers.get('location') ?? '';
    await bench.client.messages(bench.twilio.messages[0]!.sid).remove();
    expect(await get(location)).toMatchObject({ status: 404 });
    expect(await get(url, { authorization: authorization() })).toMatchObject({ status: 404 });
  });

  it('are listed, fetched and deleted', async () => {
    const { messageSid } = await bench.twilio.phone(USER).sendsVoice();
    const { media } = bench.client.messages(messageSid);
    const [file] = await media.list();
    expect(await media.list({ dateCreated: file!.dateCreated, dateCreatedBefore: new Date() })).toHaveLength(1);
    expect(await media.list({ dateCreatedAfter: new Date(Date.now() + 60_000) })).toEqual([]);
    expect(await media(file!.sid).fetch()).toMatchObject({ contentType: 'audio/ogg', parentSid: messageSid });
    expect(await media(file!.sid).remove()).toBe(true);
    expect(await media.list()).toEqual([]);
    await expect(media(file!.sid).fetch()).rejects.toMatchObject({ code: 20404 });
  });

  it('take feedback on whether they came, as every message does', async () => {
    const { sid } = await bench.client.messages.create({
      from: bench.twilio.sender,
      to: `whatsapp:${USER}`,
      body: 'x',
    });
    const { outcome } = await bench.client.messages(sid).feedback.create({ outcome: 'unconfirmed' });
    expect(outcome).toBe('unconfirmed');
    expect(bench.twilio.messages[0]?.feedback).toBe('unconfirmed');
  });
});
