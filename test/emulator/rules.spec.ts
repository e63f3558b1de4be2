import { ManualClock } from '../../src/common/manual-clock';
import { officialClientFor } from '../support/official-client';
import { startFakeHttpServer } from '../support/fake-http-server';
import { type Bench, startBench } from './bench';
import { stopsAfterEach } from './stops-after-each';

const ANA = '+15551230001';
const SANDBOX = 'whatsapp:+14155238886';
/** Appointment, order and verification code. */
const SANDBOX_SIDS = [
  'HXb5b62575e6e4ff6129ad7c8efe1f983e',
  'HX350d429d32e64a552466cafecbe95f3c',
  'HX229f5a04fd0510ce1b071852155d3e75',
];

describe("WhatsApp's rules", () => {
  const started = stopsAfterEach();
  const clock = new ManualClock('2026-01-01T00:00:00Z');
  let bench: Bench;
  beforeEach(async () => {
    bench = await startBench({ clock });
  });
  afterEach(() => bench.stop());

  const send = async (overrides: Record<string, unknown> = {}) => {
    const { sid } = await bench.client.messages.create({
      from: bench.twilio.sender,
      to: `whatsapp:${ANA}`,
      body: 'hello',
      ...overrides,
    });
    await settle();
    return bench.client.messages(sid).fetch();
  };
  const member = () => bench.twilio.phone(ANA, { sender: SANDBOX });
  const settle = async () => {
    await bench.twilio.settles();
    clock.advance(0);
    await bench.twilio.settles();
    clock.advance(0);
    await bench.twilio.settles();
  };

  it('let nobody be reached who is not on WhatsApp', async () => {
    const phone = bench.twilio.phone(ANA, { onWhatsapp: false });
    await phone.sends('hi');
    expect(await send()).toMatchObject({ status: 'failed', errorCode: 63024 });
  });

  it('leave the messages of a blocked sender as sent, for ever', async () => {
    const phone = bench.twilio.phone(ANA);
    await phone.sends('hi');
    phone.blocks();
    expect(await send()).toMatchObject({ status: 'sent', errorCode: null });
    phone.goesOffline();
    phone.goesOnline();
    await settle();
    expect(bench.twilio.messages.at(-1)?.status).toBe('sent');
    phone.blocks(false);
    expect(await send()).toMatchObject({ status: 'read' });
  });

  it('refuse messages to who opted out, at once, until they opt in', async () => {
    const phone = bench.twilio.phone(ANA);
    await phone.sends('hi');
    phone.optsOut();
    await expect(send()).rejects.toMatchObject({ status: 400, code: 21610 });
    phone.optsOut(false);
    expect(await send()).toMatchObject({ status: 'read' });
  });

  it.each([
    ['a type that WhatsApp does not take', 'image/gif', Buffer.from('x'), 63021],
    ['a file that is not what it says', 'image/jpeg', Buffer.from('89504e470d0a1a0a', 'hex'), 63005],
    ['a picture of more than 5 MB', 'image/png', Buffer.alloc(5 * 1024 * 1024 + 1), 63034],
    ['a file of more than 16 MB', 'video/mp4', Buffer.alloc(16 * 1024 * 1024 + 1), 63034],
    ['an empty file', 'image/png', Buffer.alloc(0), 63019],
  ])('do not take %s', async (_what, contentType, data, errorCode) => {
    const files = started(
      await startFakeHttpServer((_request, response) =>
        response.writeHead(200, { 'content-type': contentType }).end(data),
      ),
    );
    await bench.twilio.phone(ANA).sends('hi');
    expect(await send({ body: undefined, mediaUrl: [`${files.origin}/file`] })).toMatchObject({
      status: 'failed',
      errorCode,
    });
  });

  it('keep a one-time password from who hides the number', async () => {
    const types = { 'whatsapp/authentication': { actions: [{ type: 'COPY_CODE' }] } };
    const contentSid = bench.twilio.content({ types, category: 'AUTHENTICATION' });
    const message = { contentSid, contentVariables: '{"1":"123456"}', body: undefined };
    expect(await send({ ...message, to: 'whatsapp:US.13491208655302741918' })).toMatchObject({ errorCode: 63024 });
    expect(await send(message)).toMatchObject({ status: 'read' });
  });

  describe('in the sandbox', () => {
    beforeEach(() => {
      bench.twilio.sandbox({ url: `${bench.app.origin}/inbound`, code: 'tall-tree' });
    });

    it('let only those be written to who have joined, for three days', async () => {
      expect(await send({ from: SANDBOX })).toMatchObject({ status: 'failed', errorCode: 63015 });
      await member().sends('Join tall-tree');
      await settle();
      expect((await member().receives()).body).toMatch(/all set/);
      clock.advance('3s');
      expect(await send({ from: SANDBOX })).toMatchObject({ status: 'read' });
      clock.advance('72h');
      expect(await send({ from: SANDBOX })).toMatchObject({ status: 'failed', errorCode: 63015 });
    });

    it('are for accounts that have turned it on alone', async () => {
      const other = bench.twilio.subaccount();
      const client = officialClientFor(other);
      const message = { from: SANDBOX, to: `whatsapp:${ANA}`, body: 'hello' };
      await expect(client.messages.create(message)).rejects.toMatchObject({ code: 63007 });
    });

    it('let one message through in three seconds', async () => {
      await member().sends('join tall-tree');
      await settle();
      clock.advance('3s');
      expect(await send({ from: SANDBOX })).toMatchObject({ status: 'read' });
      expect(await send({ from: SANDBOX })).toMatchObject({ status: 'failed', errorCode: 63018 });
      clock.advance('3s');
      expect(await send({ from: SANDBOX })).toMatchObject({ status: 'read' });
    });

    it("open a conversation with Twilio's three templates, and with those of the account not", async () => {
      await member().sends('join tall-tree');
      clock.advance('25h');
      const variables = { contentVariables: '{"1":"12/1","2":"3pm"}', body: undefined, from: SANDBOX };
      const bodies = [];
      for (const contentSid of SANDBOX_SIDS) {
        const code = contentSid === SANDBOX_SIDS[2] ? { contentVariables: '{"1":"409173"}' } : {};
        const message = await send({ ...variables, contentSid, ...code });
        expect(message).toMatchObject({ status: 'read', errorCode: null });
        bodies.push(message.body);
        clock.advance('3s');
      }
      expect(bodies).toEqual([
        expect.stringMatching(/^Your appointment is coming up on 12\/1 at 3pm\./),
        expect.stringMatching(/^Thank you for your order\. Your delivery is scheduled for 12\/1 at 3pm\./),
        expect.stringMatching(/^409173 is your verification code\./),
      ]);
      const contentSid = bench.twilio.content({ types: { 'twilio/text': { body: 'On {{1}} at {{2}}' } } });
      expect(await send({ ...variables, contentSid })).toMatchObject({ status: 'failed', errorCode: 63016 });
      await member().sends('hi');
      expect(await send({ ...variables, contentSid })).toMatchObject({ status: 'read' });
    });

    it("keep Twilio's templates to the sandbox's number", async () => {
      const [contentSid] = SANDBOX_SIDS;
      await expect(send({ contentSid, body: undefined })).rejects.toMatchObject({ status: 400, code: 21655 });
    });

    it('pass nothing on from who has not joined, or has left', async () => {
      await member().sends('hello?');
      await settle();
      expect((await member().receives()).body).toMatch(/join tall-tree/);
      await member().sends('join tall-tree');
      await member().sends('now?');
      await member().sends('stop');
      await member().sends('and now?');
      expect(bench.inbound().map((form) => form.get('Body'))).toEqual(['now?']);
    });
  });
});
