import { WhatsappTwilioModule, WhatsappTwilioStorageHealthIndicator } from 'nestjs-whatsapp-twilio';
import { newId } from '../../src/common/ids';
import type { Database } from '../../src/whatsapp-twilio/storage/database';
import { DATABASE, RUNTIME } from '../../src/whatsapp-twilio/tokens';
import { type HostApp, startHostApp } from '../support/host-app';
import { sampleOptions } from '../support/sample-options';
import { TestClock } from '../support/test-clock';

describe('The health of the storage', () => {
  let clock: TestClock;
  let host: HostApp;
  let db: Database;
  let storage: WhatsappTwilioStorageHealthIndicator;

  beforeEach(async () => {
    clock = new TestClock();
    host = await startHostApp({
      imports: [WhatsappTwilioModule.forRoot(sampleOptions())],
      overrides: [[RUNTIME, { clock, random: Math.random, newId }]],
    });
    db = host.app.get<Database>(DATABASE, { strict: false });
    storage = host.app.get(WhatsappTwilioStorageHealthIndicator);
  });

  afterEach(() => host.close());

  it('is up while it answers', async () => {
    expect(await storage.isHealthy()).toEqual({ storage: { status: 'up' } });
    expect(await storage.isHealthy('database')).toEqual({ database: { status: 'up' } });
  });

  it('is down when it is closed', async () => {
    await db.destroy();
    expect(await storage.isHealthy()).toMatchObject({ storage: { status: 'down' } });
  });

  it('is down when it does not answer within 4000 ms', async () => {
    let release: (() => void) | undefined;
    let busy: Promise<void> | undefined;
    await new Promise<void>((begun) => {
      const held = () =>
        new Promise<void>((resolve) => {
          release = resolve;
          begun();
        });
      busy = db.transaction().execute(held);
    });
    const result = storage.isHealthy();
    await clock.reach(clock.now() + 4000);
    expect(await result).toEqual({ storage: { status: 'down', message: 'no answer within 4000 ms' } });
    release!();
    await busy;
  });
});
