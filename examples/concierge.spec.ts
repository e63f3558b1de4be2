import type { AddressInfo } from 'node:net';
import { Test } from '@nestjs/testing';
import { WhatsappTwilioModule } from 'nestjs-whatsapp-twilio';
import { TwilioEmulator } from 'nestjs-whatsapp-twilio/emulator';
import { Concierge } from './concierge';

it('greets who writes', async () => {
  const twilio = await TwilioEmulator.start();
  const { accountSid, authToken, sender, url } = twilio;
  const moduleRef = await Test.createTestingModule({
    imports: [WhatsappTwilioModule.forRoot({ accountSid, authToken, fromNumber: sender, apiBaseUrl: url })],
    providers: [Concierge],
  }).compile();
  const app = moduleRef.createNestApplication({ rawBody: true });
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  twilio.webhook({ url: `http://127.0.0.1:${port}/webhooks/whatsapp/twilio` });

  const phone = twilio.phone('+15551230001', { profileName: 'Ana' });
  await phone.sends('hi');
  await phone.receives(/Hello Ana/);

  await app.close();
  await twilio.stop();
});
