import { once } from 'node:events';
import twilio from 'twilio';
import { ManualClock } from '../../src/common/manual-clock';
import { startFakeHttpServer } from '../support/fake-http-server';
import { type Bench, startBench } from './bench';
import { stopsAfterEach } from './stops-after-each';

const USER = 'whatsapp:+15551230001';
const SERVICE = `MG${'5'.repeat(32)}`;

describe('A message on its way', () => {
  const started = stopsAfterEach();
  let bench: Bench;
  beforeEach(async () => {
    bench = await startBench();
    await bench.twilio.phone('+15551230001').sends('hi');
  });
  afterEach(() => bench.stop());

  const phone = () => bench.twilio.phone('+15551230001');
  const create = (overrides: Record<string, unknown> = {}) =>
    bench.client.messages.create({ from: bench.twilio.sender, to: USER, body: 'hello', ...overrides });
  const statuses = () => bench.callbacks().map((callback) => callback.get('MessageStatus'));

  it('is reported sent, delivered and read, in this order', async () => {
    await create();
    await bench.twilio.settles();
    expect(statuses()).toEqual(['sent', 'delivered', 'read']);
  });

  it('is reported with the parameters of each status', async () => {
    const { sid } = await create();
    await bench.twilio.settles();
    const [sent, delivered, read] = bench.callbacks().map((callback) => Object.fromEntries(callback));
    const common = {
      AccountSid: bench.twilio.accountSid,
      ApiVersion: '2010-04-01',
      ChannelInstallSid: expect.stringMatching(/^XE[0-9a-f]{32}$/),
      ChannelPrefix: 'whatsapp',
      ChannelToAddress: '+1555123XXXX',
      From: bench.twilio.sender,
      MessageSid: sid,
      SmsSid: sid,
      To: USER,
    };
    expect(sent).toEqual({ ...common, MessageStatus: 'sent', SmsStatus: 'sent', StructuredMessage: 'false' });
    expect(delivered).toEqual({
      ...common,
      MessageStatus: 'delivered',
      SmsStatus: 'delivered',
      EventType: 'DELIVERED',
    });
    expect(read).toEqual({ ...common, MessageStatus: 'read', SmsStatus: 'read', EventType: 'READ' });
  });

  it('is reported to its own callback, if it has one, and signed', async () => {
    const statusCallback = `${bench.app.origin}/status?message=42`;
    await create({ statusCallback });
    await bench.twilio.settles();
    const request = bench.app.requests.at(-1)!;
    expect(request.url.search).toBe('?message=42');
    const signature = String(request.headers['x-twilio-signature']);
    const params = Object.fromEntries(new URLSearchParams(request.body));
    expect(twilio.validateRequest(bench.twilio.authToken, signature, statusCallback, params)).toBe(true);
  });

  it('is not read by someone who keeps receipts off or the chat closed, until it is opened', async () => {
    phone().user.open = false;
    await create();
    await bench.twilio.settles();
    expect(statuses()).toEqual(['sent', 'delivered']);
    phone().reads();
    await bench.twilio.settles();
    expect(statuses()).toEqual(['sent', 'delivered', 'read']);
  });

  it('is never reported read by someone who keeps receipts off', async () => {
    phone().user.readReceipts = false;
    await create();
    phone().reads();
    await bench.twilio.settles();
    expect(statuses()).toEqual(['sent', 'delivered']);
  });

  it('reaches a user by the business-scoped id as well as by the number', async () => {
    bench.twilio.phone('+15551230001', { bsuid: 'US.13491208655302741918' });
    await create({ to: 'whatsapp:US.13491208655302741918' });
    expect((await phone().receives()).body).toBe('hello');
    await bench.twilio.settles();
    expect(bench.callbacks()[0]?.get('ExternalUserId')).toBe('whatsapp:US.13491208655302741918');
  });

  it('waits as sent while the phone is offline', async () => {
    phone().goesOffline();
    await create();
    await bench.twilio.settles();
    expect(statuses()).toEqual(['sent']);
    phone().goesOnline();
    await bench.twilio.settles();
    expect(statuses()).toEqual(['sent', 'delivered', 'read']);
  });

  it('comes up on the phone for whoever waits for it, and for whoever asks later', async () => {
    const waiting = phone().receives(/hello/);
    await create();
    expect(await waiting).toMatchObject({ body: 'hello' });
    await create({ body: 'one' });
    await create({ body: 'two' });
    await bench.twilio.settles();
    expect((await phone().receives('two')).body).toBe('two');
    expect((await phone().receives()).body).toBe('one');
    await expect(phone().receives(/more/, { timeoutMs: 1 })).rejects.toMatchObject({ code: 'NO_MESSAGE_CAME' });
  });

  it('shows the buttons of its template, and a tap comes back with payload and origin', async () => {
    const contentSid = bench.twilio.content({
      types: {
        'twilio/text': { body: 'plain' },
        'twilio/quick-reply': {
          body: 'At {{1}}?',
          actions: [
            { title: 'Yes', id: 'yes_{{1}}' },
            { title: 'No', id: 'no' },
          ],
        },
      },
    });
    const { sid } = await create({ contentSid, contentVariables: '{"1":"noon"}', body: undefined });
    expect(await phone().receives('At noon?')).toMatchObject({
      sid,
      buttons: [{ title: 'Yes', id: 'yes_noon' }, { title: 'No' }],
    });
    await phone().taps('Yes');
    expect(Object.fromEntries(bench.inbound().at(-1)!)).toMatchObject({
      MessageType: 'interactive',
      Body: 'Yes',
      ButtonText: 'Yes',
      ButtonPayload: 'yes_noon',
      OriginalRepliedMessageSid: sid,
      OriginalRepliedMessageSender: bench.twilio.sender,
    });
    await expect(phone().taps('Maybe')).rejects.toMatchObject({ code: 'NOT_ON_PHONE' });
  });

  it('shows a list, and a pick comes back with the row', async () => {
    const items = [
      { id: 's', item: 'Small', description: 'for one' },
      { id: 'l', item: 'Large' },
    ];
    const contentSid = bench.twilio.content({ types: { 'twilio/list-picker': { body: 'Size?', items } } });
    await create({ contentSid, body: undefined });
    await phone().receives('Size?');
    await phone().picks('Small');
    expect(Object.fromEntries(bench.inbound().at(-1)!)).toMatchObject({
      ListId: 's',
      ListTitle: 'Small',
      ListDescription: 'for one',
      Body: 'Small',
    });
  });

  it('shows the place of a geo action', async () => {
    await create({ persistentAction: ['geo:52.5,13.4|Tower'] });
    expect((await phone().receives()).place).toEqual({ latitude: 52.5, longitude: 13.4, label: 'Tower' });
  });

  it('brings the file that Twilio fetches from its URL, or fails with 63019', async () => {
    const files = started(
      await startFakeHttpServer((request, response) =>
        request.url.pathname === '/a.png'
          ? response.writeHead(200, { 'content-type': 'image/png' }).end('picture')
          : response.writeHead(404).end(),
      ),
    );
    await create({ mediaUrl: [`${files.origin}/a.png`] });
    expect((await phone().receives()).media).toEqual([{ contentType: 'image/png', data: Buffer.from('picture') }]);
    const { sid } = await create({ mediaUrl: [`${files.origin}/none.png`] });
    await bench.twilio.settles();
    expect(await bench.client.messages(sid).fetch()).toMatchObject({
      status: 'failed',
      errorCode: 63019,
      numMedia: '1',
    });
  });

  it('raises an alert when its callback is not answered with 2xx', async () => {
    await create({ statusCallback: `${bench.app.origin}/missing` });
    bench.answer = (_request, response) => response.writeHead(404).end();
    await bench.twilio.settles();
    expect(bench.twilio.alerts[0]).toMatchObject({ code: 11200, url: `${bench.app.origin}/missing` });
  });

  it('is deleted for good: no further callback comes', async () => {
    phone().goesOffline();
    const { sid } = await create();
    await bench.twilio.settles();
    await bench.client.messages(sid).remove();
    phone().goesOnline();
    await bench.twilio.settles();
    expect(statuses()).toEqual(['sent']);
  });

  it.each([
    ['duplicate', ['sent', 'sent', 'delivered', 'delivered', 'read', 'read']],
    ['shuffle', ['delivered', 'sent', 'read']],
    ['lose', []],
  ] as const)('has its callbacks disturbed by the fault %s', async (callbacks, expected) => {
    bench.twilio.faults({ callbacks });
    await create();
    await bench.twilio.settles();
    expect(statuses()).toEqual(expected);
    expect(bench.twilio.messages.at(-1)?.status).toBe('read');
  });

  it('fails on the way as often as the delivery fault says', async () => {
    bench.twilio.faults({ delivery: { errorCode: 63024, status: 'undelivered' } });
    await create();
    await bench.twilio.settles();
    expect(statuses()).toEqual(['sent', 'undelivered']);
    expect(bench.callbacks().at(-1)?.get('ErrorCode')).toBe('63024');
    await create();
    await bench.twilio.settles();
    expect(statuses().slice(2)).toEqual(['sent', 'delivered', 'read']);
  });

  it('marks an inbound message as read when the business shows that it types', async () => {
    const { messageSid } = await phone().sends('are you there?');
    const typing = once(bench.twilio.events, 'typing');
    await bench.client.messaging.v2.typingIndicator.create({ channel: 'whatsapp', messageId: messageSid });
    expect((await typing)[0]).toMatchObject({ id: '+15551230001' });
    expect(bench.twilio.messages.find(({ sid }) => sid === messageSid)?.reception).toBe('read');
  });
});

describe('A message that waits to be sent', () => {
  const clock = new ManualClock('2026-01-01T00:00:00Z');
  let bench: Bench;
  beforeEach(async () => {
    bench = await startBench({
      messagingServiceSid: SERVICE,
      clock,
      enforceWindow: false,
      statusDelayMs: { queued: 0, sent: 60_000, delivered: 0, read: 0 },
    });
  });
  afterEach(() => bench.stop());

  const outcome = async (overrides: Record<string, unknown> = {}) => {
    const { sid } = await bench.client.messages.create({
      from: bench.twilio.sender,
      to: USER,
      body: 'hello',
      ...overrides,
    });
    clock.advance(overrides['sendAt'] === undefined ? '1m' : '2h');
    await bench.twilio.settles();
    return bench.client.messages(sid).fetch();
  };

  it('fails with 30036 when it has waited longer than its validity period', async () => {
    expect(await outcome({ validityPeriod: 60 })).toMatchObject({ status: 'read' });
    expect(await outcome({ validityPeriod: 59 })).toMatchObject({
      status: 'failed',
      errorCode: 30036,
      errorMessage: 'Validity Period Expired',
      dateSent: null,
    });
    expect(bench.callbacks().at(-1)?.get('ErrorCode')).toBe('30036');
  });

  it('takes the validity period of its service, unless it has its own', async () => {
    const service = await bench.client.messaging.v1.services(SERVICE).update({ validityPeriod: 59 });
    expect(service.validityPeriod).toBe(59);
    const through = { from: undefined, messagingServiceSid: SERVICE };
    expect(await outcome(through)).toMatchObject({ errorCode: 30036 });
    expect(await outcome({ ...through, validityPeriod: 60 })).toMatchObject({ status: 'read' });
    await expect(bench.client.messaging.v1.services(SERVICE).update({ validityPeriod: 0 })).rejects.toThrow();
  });

  it('counts from when it was due, not from when it was scheduled', async () => {
    const scheduled = { messagingServiceSid: SERVICE, scheduleType: 'fixed', validityPeriod: 60 };
    const sendAt = new Date(clock.now() + 3_600_000);
    expect(await outcome({ ...scheduled, sendAt })).toMatchObject({ status: 'read' });
  });
});

describe('The 24-hour window', () => {
  const clock = new ManualClock('2026-01-01T00:00:00Z');
  let bench: Bench;
  beforeEach(async () => {
    bench = await startBench({ clock });
  });
  afterEach(() => bench.stop());

  it('lets free-form text through until 24 hours after the user wrote, and templates always', async () => {
    const send = async (content: object) => {
      const { sid, status } = await bench.client.messages.create({
        from: bench.twilio.sender,
        to: USER,
        ...content,
      });
      expect(status).toBe('queued');
      clock.advance(0);
      await bench.twilio.settles();
      return bench.twilio.messages.find((message) => message.sid === sid);
    };
    expect(await send({ body: 'never wrote' })).toMatchObject({ status: 'failed', errorCode: 63016 });
    expect(bench.callbacks().map((callback) => [callback.get('MessageStatus'), callback.get('ErrorCode')])).toEqual([
      ['failed', '63016'],
    ]);
    await bench.twilio.phone('+15551230001').sends('hi');
    clock.advance('23h');
    expect(await send({ body: 'in time' })).toMatchObject({ status: 'read' });
    clock.advance('1h');
    expect(await send({ body: 'too late' })).toMatchObject({ status: 'failed', errorCode: 63016 });
    const types = { 'twilio/text': { body: 'Hello {{1}}' } };
    const approved = bench.twilio.content({ types });
    expect(await send({ contentSid: approved, contentVariables: '{"1":"Ana"}' })).toMatchObject({
      status: 'read',
      body: 'Hello Ana',
    });
    expect(await send({ contentSid: approved })).toMatchObject({ status: 'failed', errorCode: 63028 });
    const unapproved = bench.twilio.content({ types, approved: false });
    expect(await send({ contentSid: unapproved, contentVariables: '{"1":"Ana"}' })).toMatchObject({ errorCode: 63016 });
  });
});

describe('A message through a Messaging Service', () => {
  const clock = new ManualClock('2026-01-01T00:00:00Z');
  let bench: Bench;
  beforeEach(async () => {
    bench = await startBench({ messagingServiceSid: SERVICE, clock, enforceWindow: false });
  });
  afterEach(() => bench.stop());

  const create = (overrides: Record<string, unknown> = {}) =>
    bench.client.messages.create({ messagingServiceSid: SERVICE, to: USER, body: 'hello', ...overrides });
  const settle = async () => {
    clock.advance(0);
    await bench.twilio.settles();
  };
  const statuses = () => bench.callbacks().map((callback) => callback.get('MessageStatus'));

  it('is accepted without a sender, and then queued with one', async () => {
    expect(await create()).toMatchObject({ status: 'accepted', from: null, messagingServiceSid: SERVICE });
    await settle();
    expect(statuses()).toEqual(['queued', 'sent', 'delivered', 'read']);
    expect(bench.callbacks()[0]?.get('MessagingServiceSid')).toBe(SERVICE);
    expect(bench.twilio.messages[0]?.from).toBe(bench.twilio.sender);
  });

  it('can be scheduled for between 5 minutes and 35 days from now', async () => {
    const at = (ms: number) => create({ scheduleType: 'fixed', sendAt: new Date(clock.now() + ms) });
    await expect(at(299_000)).rejects.toMatchObject({ code: 35114 });
    await expect(at(36 * 86_400_000)).rejects.toMatchObject({ code: 35114 });
    await expect(create({ scheduleType: 'fixed' })).rejects.toMatchObject({ code: 35111 });
    expect(await at(3_600_000)).toMatchObject({ status: 'scheduled' });
    clock.advance('59m');
    await settle();
    expect(statuses()).toEqual([]);
    clock.advance('1m');
    await settle();
    expect(statuses()).toEqual(['queued', 'sent', 'delivered', 'read']);
  });

  it('can be canceled while it is scheduled, and not later', async () => {
    const { sid } = await create({ scheduleType: 'fixed', sendAt: new Date(clock.now() + 3_600_000) });
    expect(await bench.client.messages(sid).update({ status: 'canceled' })).toMatchObject({ status: 'canceled' });
    await settle();
    clock.advance('2h');
    await settle();
    expect(statuses()).toEqual(['canceled']);
    await expect(bench.client.messages(sid).update({ status: 'canceled' })).rejects.toMatchObject({ status: 409 });
  });
});
