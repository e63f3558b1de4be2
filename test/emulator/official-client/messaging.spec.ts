import type {
  MessagingV2ChannelsSenderRequestsCreate,
  MessagingV2ChannelsSenderRequestsUpdate,
} from 'twilio/lib/rest/messaging/v2/channelsSender';
import type { TypingIndicatorRequest } from 'twilio/lib/rest/messaging/v3/typingIndicator';
import { type Bench, startBench } from '../bench';

const USER = '+15551230001';
const OTHER = 'whatsapp:+15550006000';

describe('Senders, judged by the official client', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await startBench();
  });
  afterEach(() => bench.stop());

  const senders = () => bench.client.messaging.v2.channelsSenders;
  const create = (fields: object = { sender_id: OTHER }) =>
    senders().create(fields as MessagingV2ChannelsSenderRequestsCreate);

  it('are listed with their webhooks, which is where messages go once they are changed', async () => {
    const [sender] = await senders().list({ channel: 'whatsapp' });
    expect(sender).toMatchObject({
      senderId: bench.twilio.sender,
      status: 'ONLINE',
      webhook: { callbackUrl: `${bench.app.origin}/inbound`, statusCallbackUrl: `${bench.app.origin}/status` },
    });
    const webhook = { callback_url: `${bench.app.origin}/elsewhere` };
    await senders()(sender!.sid).update({ webhook } as MessagingV2ChannelsSenderRequestsUpdate);
    await bench.twilio.phone(USER).sends('hi');
    expect(bench.app.requests.at(-1)?.url.pathname).toBe('/elsewhere');
    expect((await senders()(sender!.sid).fetch()).webhook).toMatchObject({
      callbackUrl: `${bench.app.origin}/elsewhere`,
      statusCallbackUrl: `${bench.app.origin}/status`,
    });
  });

  it('are created and deleted', async () => {
    const { sid, status } = await create({ sender_id: OTHER, profile: { name: 'Second' } });
    expect(status).toBe('CREATING');
    expect(await senders()(sid).fetch()).toMatchObject({ status: 'ONLINE', profile: { name: 'Second' } });
    await expect(create()).rejects.toMatchObject({ status: 409 });
    await expect(create({ sender_id: '+15550006000' })).rejects.toMatchObject({ status: 400 });
    expect(await senders()(sid).remove()).toBe(true);
    const message = bench.client.messages.create({ from: OTHER, to: `whatsapp:${USER}`, body: 'hello' });
    await expect(message).rejects.toMatchObject({ code: 63007 });
  });
});

describe('Messaging Services, judged by the official client', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await startBench({ enforceWindow: false });
  });
  afterEach(() => bench.stop());

  const services = () => bench.client.messaging.v1.services;
  const withSender = async (options: object = {}) => {
    const { sid } = await services().create({ friendlyName: 'Shop', ...options });
    const [sender] = await bench.client.messaging.v2.channelsSenders.list({ channel: 'whatsapp' });
    await services()(sid).channelSenders.create({ sid: sender!.sid });
    return { service: sid, sender: sender!.sid };
  };

  it('are created, fetched, listed, changed and deleted', async () => {
    const { sid } = await services().create({ friendlyName: 'Shop', inboundMethod: 'GET' });
    expect(await services()(sid).fetch()).toMatchObject({ friendlyName: 'Shop', inboundMethod: 'GET' });
    expect((await services()(sid).update({ friendlyName: 'Store' })).friendlyName).toBe('Store');
    expect((await services().list()).map((service) => service.sid)).toEqual([sid]);
    expect(await services()(sid).phoneNumbers.list()).toEqual([]);
    expect(await services()(sid).remove()).toBe(true);
    await expect(services()(sid).fetch()).rejects.toMatchObject({ status: 404 });
    await expect(services().create({ friendlyName: '' })).rejects.toMatchObject({ status: 400 });
  });

  it('have senders, each of them one service at most', async () => {
    const { service, sender } = await withSender();
    expect(await services()(service).channelSenders(sender).fetch()).toMatchObject({ sender: bench.twilio.sender });
    expect(await services()(service).channelSenders.list()).toHaveLength(1);
    const { sid: second } = await services().create({ friendlyName: 'Other' });
    await expect(services()(second).channelSenders.create({ sid: sender })).rejects.toMatchObject({ status: 409 });
    expect(await services()(service).channelSenders(sender).remove()).toBe(true);
    const message = bench.client.messages.create({ messagingServiceSid: service, to: `whatsapp:${USER}`, body: 'x' });
    await expect(message).rejects.toMatchObject({ code: 21703 });
  });

  it('take the inbound messages of their senders, with the method that they name', async () => {
    const { service } = await withSender({ inboundRequestUrl: `${bench.app.origin}/service`, inboundMethod: 'GET' });
    await bench.twilio.phone(USER).sends('hi there');
    const { method, url } = bench.app.requests.at(-1)!;
    expect([method, url.pathname]).toEqual(['GET', '/service']);
    expect(url.searchParams.get('Body')).toBe('hi there');
    expect(url.searchParams.get('MessagingServiceSid')).toBe(service);
  });

  it('take none where they have no URL, and leave them to the sender where they say so', async () => {
    const { service } = await withSender();
    await bench.twilio.phone(USER).sends('hi');
    expect(bench.app.requests).toEqual([]);
    await services()(service).update({ useInboundWebhookOnNumber: true });
    await bench.twilio.phone(USER).sends('hi');
    expect(bench.app.requests.at(-1)?.url.pathname).toBe('/inbound');
  });

  it('take the status callbacks of messages that name no other', async () => {
    const { service } = await withSender({ statusCallback: `${bench.app.origin}/service-status` });
    const create = (statusCallback?: string) =>
      bench.client.messages.create({
        messagingServiceSid: service,
        to: `whatsapp:${USER}`,
        body: 'hello',
        ...(statusCallback === undefined ? {} : { statusCallback }),
      });
    const paths = () => new Set(bench.app.requests.splice(0).map(({ url }) => url.pathname));
    await create();
    await bench.twilio.settles();
    expect(paths()).toEqual(new Set(['/service-status']));
    await create(`${bench.app.origin}/own-status`);
    await bench.twilio.settles();
    expect(paths()).toEqual(new Set(['/own-status']));
  });

  it('answer to STOP and START themselves where they have Advanced Opt-Out, and refuse who opted out', async () => {
    const messagingServiceSid = bench.twilio.messagingService({ advancedOptOut: true });
    const phone = bench.twilio.phone(USER);
    const create = () => bench.client.messages.create({ messagingServiceSid, to: `whatsapp:${USER}`, body: 'news' });
    await phone.sends(' stop ');
    expect(bench.inbound().at(-1)?.get('OptOutType')).toBe('STOP');
    await phone.receives(/unsubscribed/);
    await expect(create()).rejects.toMatchObject({ status: 400, code: 21610 });
    await phone.sends('START');
    expect(bench.inbound().at(-1)?.get('OptOutType')).toBe('START');
    await create();
    await phone.receives('news');
  });
});

describe('Typing, judged by the official client', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await startBench();
  });
  afterEach(() => bench.stop());

  it.each(['v2', 'v3'] as const)('shows in %s that the message was read', async (version) => {
    const { messageSid: messageId } = await bench.twilio.phone(USER).sends('are you there?');
    const seen: unknown[] = [];
    bench.twilio.events.on('typing', (user, sender) => seen.push([user.id, sender]));
    const { success } =
      version === 'v2'
        ? await bench.client.messaging.v2.typingIndicator.create({ channel: 'whatsapp', messageId })
        : await bench.client.messaging.v3.typingIndicator.create({
            channel: 'WHATSAPP',
            messageId,
          } as TypingIndicatorRequest);
    expect(success).toBe(true);
    expect(seen).toEqual([[USER, bench.twilio.sender]]);
    expect(bench.twilio.messages[0]?.reception).toBe('read');
  });

  it('knows no other message than one that came in', async () => {
    const { sid: messageId } = await bench.client.messages.create({
      from: bench.twilio.sender,
      to: `whatsapp:${USER}`,
      body: 'hello',
    });
    const show = bench.client.messaging.v2.typingIndicator.create({ channel: 'whatsapp', messageId });
    await expect(show).rejects.toMatchObject({ status: 404 });
  });
});
