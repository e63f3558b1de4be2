import { Injectable } from '@nestjs/common';
import {
  type Conversation,
  OnWhatsappMessage,
  OnWhatsappStatus,
  OutboundService,
  type StatusUpdate,
  type WhatsappMessage,
  WhatsappTwilioModule,
} from 'nestjs-whatsapp-twilio';
import { TwilioEmulator } from 'nestjs-whatsapp-twilio/emulator';
import { freePort } from '../support/free-port';
import { type HostApp, platforms, startHostApp } from '../support/host-app';

@Injectable()
class Concierge {
  readonly seen: WhatsappMessage[] = [];
  readonly updates: StatusUpdate[] = [];
  onRead: () => void = () => {};

  @OnWhatsappMessage('text')
  greet(message: WhatsappMessage<'text'>, conversation: Conversation) {
    this.seen.push(message);
    return `Hello ${message.profileName}, you wrote "${message.text}" in ${conversation.id.length} letters`;
  }

  @OnWhatsappMessage('location')
  where(message: WhatsappMessage<'location'>) {
    return { location: { latitude: message.latitude, longitude: message.longitude, label: 'You are here' } };
  }

  @OnWhatsappStatus()
  follow(update: StatusUpdate) {
    this.updates.push(update);
    if (update.status === 'read') this.onRead();
  }
}

describe.each(platforms)('A message and its reply on %s', (platform) => {
  let twilio: TwilioEmulator;
  let host: HostApp;
  let concierge: Concierge;

  beforeEach(async () => {
    twilio = await TwilioEmulator.start({ statusDelayMs: 1 });
    const port = await freePort();
    host = await startHostApp({
      platform,
      port,
      imports: [
        WhatsappTwilioModule.forRoot({
          accountSid: twilio.accountSid,
          authToken: twilio.authToken,
          fromNumber: twilio.sender,
          apiBaseUrl: twilio.url,
          publicUrl: `http://127.0.0.1:${port}`,
        }),
      ],
      providers: [Concierge],
    });
    twilio.webhook({ url: `${host.url}/webhooks/whatsapp/twilio` });
    concierge = host.app.get(Concierge);
  });

  afterEach(async () => {
    await host.close();
    await twilio.stop();
  });

  it('reaches the handler, and the reply is followed until it is read', async () => {
    const read = new Promise<void>((resolve) => (concierge.onRead = resolve));
    const phone = twilio.phone('+15551230001', { profileName: 'Ana' });

    const outcome = await phone.sends('hi');
    expect(outcome.status).toBe(200);
    await phone.receives(/Hello Ana, you wrote "hi"/);
    await read;

    const [last] = concierge.updates.slice(-1);
    expect(last).toMatchObject({ status: 'read', to: { kind: 'phone', value: '+15551230001' } });
    const message = await host.app.get(OutboundService).get(last!.messageId);
    expect(message).toMatchObject({ status: 'read', sid: expect.stringMatching(/^(SM|MM)/) });
    expect(message!.history.map(({ status }) => status)).toEqual(
      expect.arrayContaining(['queued', 'sending', 'sent', 'delivered', 'read']),
    );
  });
});
