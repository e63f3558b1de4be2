import { ContractSpecMessagingProvider, parseInboundMessage, toChannelInboundEvent } from 'nestjs-whatsapp-twilio';
import { inbound } from 'nestjs-whatsapp-twilio/testing';
import { startTenantHost } from '../support/tenants';
import type { WhatsappHost } from '../support/whatsapp-host';

describe('ContractSpec’s MessagingProvider', () => {
  let host: WhatsappHost;
  let provider: ContractSpecMessagingProvider;
  beforeAll(async () => {
    host = await startTenantHost();
    provider = new ContractSpecMessagingProvider(host.outbound);
  });
  afterAll(() => host.close());

  it('sends, and tells how it went on', async () => {
    const sent = await provider.sendMessage({ recipientId: '+15554000001', text: 'Hi', metadata: { order: '7' } });
    expect(sent).toEqual({ id: expect.any(String), status: 'queued', metadata: { order: '7' } });
    const { sid } = await host.recorder.reaches(sent, 'read');
    expect(await provider.getMessage(sent.id)).toEqual({
      id: sent.id,
      providerMessageId: sid,
      status: 'delivered',
      sentAt: expect.any(Date),
      deliveredAt: expect.any(Date),
      metadata: { order: '7' },
    });
    expect(await provider.getMessage('nobody')).toBeUndefined();
  });

  it('answers in the thread of an event, from the number that was written to', async () => {
    const params = inbound.text({ From: 'whatsapp:+15553000002', To: host.twilio.sender });
    const { thread } = toChannelInboundEvent(parseInboundMessage(params), { workspaceId: 'ws-1' });
    const { externalThreadId: threadId, externalChannelId: channelId } = thread;
    const { id } = await provider.sendMessage({ threadId, channelId: channelId!, text: 'Hello' });
    await host.recorder.reaches({ id }, 'read');
    expect(host.twilio.messages.at(-1)).toMatchObject({
      to: 'whatsapp:+15553000002',
      from: host.twilio.sender,
      body: 'Hello',
    });
  });

  it('explains a failure', async () => {
    const { id } = await provider.sendMessage({ recipientId: '+15554000003', channelId: '+15559990000', text: 'Hi' });
    await host.recorder.reaches({ id }, 'failed');
    expect(await provider.getMessage(id)).toMatchObject({
      status: 'failed',
      errorCode: expect.stringMatching(/^\d+$/),
      errorMessage: expect.any(String),
    });
  });

  it('refuses a message to nobody', async () => {
    await expect(provider.sendMessage({ text: 'Hi' })).rejects.toMatchObject({ code: 'INVALID_MESSAGE' });
  });
});

function eventOf(params: Record<string, string>) {
  return toChannelInboundEvent(parseInboundMessage(params), { workspaceId: 'ws-1', traceId: 'trace-1' });
}

describe('ContractSpec’s ChannelInboundEvent', () => {
  it('has the message, whom it is from and what came with it', () => {
    const params = inbound.text({ Body: 'Hi', ProfileName: 'Ana' });
    expect(eventOf(params)).toEqual({
      workspaceId: 'ws-1',
      providerKey: 'messaging.whatsapp.twilio',
      externalEventId: params['MessageSid'],
      eventType: 'whatsapp.twilio.message',
      occurredAt: expect.any(Date),
      signatureValid: true,
      traceId: 'trace-1',
      thread: {
        externalThreadId: params['From'],
        externalChannelId: params['To'],
        externalUserId: params['From'],
      },
      message: { text: 'Hi', externalMessageId: params['MessageSid'] },
      metadata: expect.objectContaining({ kind: 'text', profileName: 'Ana', accountSid: params['AccountSid'] }),
      rawPayload: new URLSearchParams(params).toString(),
    });
  });

  it('is made of messages without text as well', () => {
    expect(eventOf(inbound.image())).toMatchObject({
      message: { externalMessageId: expect.any(String) },
      metadata: { kind: 'image', mediaUrl0: expect.stringContaining('http'), mediaContentType0: 'image/jpeg' },
    });
    expect(eventOf(inbound.location())).toMatchObject({
      metadata: { kind: 'location', latitude: expect.any(String), longitude: expect.any(String) },
    });
    expect(eventOf(inbound.button())).toMatchObject({ metadata: { kind: 'button' } });
    expect(eventOf(inbound.reaction()).message?.text).not.toBe('');
    expect(eventOf({ From: 'whatsapp:+15553000001', To: 'whatsapp:+15550006789' })).toMatchObject({
      message: { text: '' },
      metadata: { kind: 'unsupported' },
    });
  });
});
