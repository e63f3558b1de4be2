import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { TwilioEmulator } from 'nestjs-whatsapp-twilio/emulator';
import { createService } from '../../src/service/create-service';
import { readServiceConfiguration } from '../../src/service/service-configuration';
import { freePort } from '../support/free-port';
import { useTemporaryFolder } from '../support/temporary-folder';

describe('The service with a spool, without PostgreSQL', () => {
  const folder = useTemporaryFolder();
  let twilio: TwilioEmulator;
  let app: NestFastifyApplication;

  beforeEach(async () => {
    twilio = await TwilioEmulator.start();
    const environment: Record<string, string> = {
      TWILIO_ACCOUNT_SID: twilio.accountSid,
      TWILIO_AUTH_TOKEN: twilio.authToken,
      TWILIO_API_BASE_URL: twilio.url,
      DATABASE_URL: `postgres://app:a-secret@127.0.0.1:${await freePort()}/app`,
      SPOOL_PATH: folder.file('spool.db'),
      LOG_LEVEL: 'fatal',
      API_AUTH: 'none',
    };
    app = await createService(readServiceConfiguration((name) => environment[name]));
    await app.listen(0, '127.0.0.1');
  });

  afterEach(async () => {
    await app.close();
    await twilio.stop();
  });

  it('is ready, as webhooks can be taken in, and says that it is degraded', async () => {
    twilio.webhook({ url: `${await app.getUrl()}/webhooks/whatsapp/twilio` });
    await twilio.phone('+15551230001').sends('hello');
    await twilio.settles();
    const response = await fetch(`${await app.getUrl()}/health/ready`);
    expect(response.status).toBe(200);
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ details: { storage: { status: 'degraded', spooled: 1 } } });
    expect(text).not.toContain('a-secret');
  });
});
