import { type BeforeApplicationShutdown, Injectable, Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { TwilioEmulator } from 'nestjs-whatsapp-twilio/emulator';
import { createService } from '../../src/service/create-service';
import { readServiceConfiguration } from '../../src/service/service-configuration';
import type { Database } from '../../src/whatsapp-twilio/storage/database';
import { DATABASE } from '../../src/whatsapp-twilio/tokens';
import { freePort } from '../support/free-port';

interface Probe {
  readonly status: number;
  readonly body: { readonly status?: string; readonly details?: Record<string, { readonly status: string }> };
}

describe('The probes of the service', () => {
  let twilio: TwilioEmulator;
  let app: NestFastifyApplication;

  beforeEach(async () => {
    twilio = await TwilioEmulator.start();
  });

  afterEach(async () => {
    await app.close();
    await twilio.stop();
  });

  async function start(variables: Record<string, string> = {}, imports: Parameters<typeof createService>[1] = []) {
    const environment: Record<string, string> = {
      TWILIO_ACCOUNT_SID: twilio.accountSid,
      TWILIO_AUTH_TOKEN: twilio.authToken,
      TWILIO_API_BASE_URL: twilio.url,
      DATABASE_URL: 'sqlite::memory:',
      LOG_LEVEL: 'fatal',
      API_AUTH: 'none',
      ...variables,
    };
    app = await createService(
      readServiceConfiguration((name) => environment[name]),
      imports,
    );
    await app.listen(0, '127.0.0.1');
  }
  async function probe(name: 'live' | 'ready' | 'startup'): Promise<Probe> {
    const response = await fetch(`${await app.getUrl()}/health/${name}`);
    return { status: response.status, body: (await response.json()) as Probe['body'] };
  }

  it('say yes while all is well', async () => {
    await start();
    expect(await probe('live')).toEqual({ status: 200, body: { status: 'ok' } });
    expect(await probe('startup')).toEqual({ status: 200, body: { status: 'ok' } });
    const { status, body } = await probe('ready');
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 'ok', details: { storage: { status: 'up' }, twilio: { status: 'up' } } });
  });

  it('stay ready without Twilio, as messages can still be taken in', async () => {
    await start({ TWILIO_API_BASE_URL: `http://127.0.0.1:${await freePort()}` });
    const { status, body } = await probe('ready');
    expect(status).toBe(200);
    expect(body.details).toMatchObject({
      storage: { status: 'up' },
      twilio: { status: 'degraded', reason: 'unreachable' },
    });
  });

  it('are not ready without Twilio where it is critical', async () => {
    await start({ TWILIO_API_BASE_URL: `http://127.0.0.1:${await freePort()}`, HEALTH_TWILIO_CRITICAL: 'true' });
    const { status, body } = await probe('ready');
    expect(status).toBe(503);
    expect(body.details).toMatchObject({
      storage: { status: 'up' },
      twilio: { status: 'down', reason: 'unreachable' },
    });
    expect((await probe('live')).status).toBe(200);
  });

  it('are not ready without storage, and a restart is not asked for', async () => {
    await start();
    await app.get<Database>(DATABASE, { strict: false }).destroy();
    const { status, body } = await probe('ready');
    expect(status).toBe(503);
    expect(body.details).toMatchObject({ storage: { status: 'down' } });
    expect((await probe('live')).status).toBe(200);
  });

  it('are not ready while the service drains, and a restart is not asked for', async () => {
    const seen: Probe[] = [];
    @Injectable()
    class Draining implements BeforeApplicationShutdown {
      async beforeApplicationShutdown() {
        if (seen.length === 0) seen.push(await probe('ready'), await probe('live'));
      }
    }
    @Module({ providers: [Draining] })
    class DrainingModule {}
    await start({}, [DrainingModule]);
    await app.close();
    expect(seen.map(({ status }) => status)).toEqual([503, 200]);
    expect(seen[0]!.body.status).toBe('shutting_down');
  });
});
