import type { ConnectionRotation, ConnectionView, OutboundMessage } from 'nestjs-whatsapp-twilio';
import { TwilioEmulator } from 'nestjs-whatsapp-twilio/emulator';
import { freePort } from '../support/free-port';
import { engines, useStorage } from '../support/storages';
import { author, encryptionKey, type TwilioAccount } from '../support/tenants';
import { TenantProcess } from '../support/tenant-process';

describe.each(engines)('A rotation whose process is killed, on %s', (engine) => {
  const storage = useStorage(engine);
  let twilio: TwilioEmulator;
  let account: TwilioAccount;
  let app: TenantProcess;
  let start: () => Promise<TenantProcess>;
  let id: string;

  beforeEach(async () => {
    twilio = await TwilioEmulator.start({ statusDelayMs: 1, enforceWindow: false });
    const port = await freePort();
    account = twilio.account({ webhookUrl: `http://127.0.0.1:${port}/webhooks/whatsapp/twilio` });
    const options = {
      accountSid: twilio.accountSid,
      authToken: twilio.authToken,
      fromNumber: twilio.sender,
      apiBaseUrl: twilio.url,
      publicUrl: `http://127.0.0.1:${port}`,
      storage: { url: storage.url },
      encryptionKeys: encryptionKey('a'),
      rotation: { promoteAfterMs: 200, overlapMs: 1000 },
    };
    start = () => TenantProcess.start(port, options);
    app = await start();
    const { accountSid, authToken, sender: fromNumber } = account;
    const created = await app.ask<ConnectionView>(
      'connections',
      'create',
      { accountSid, authToken, fromNumber },
      author,
    );
    id = created.id;
  });
  afterEach(async () => {
    await app.kill();
    await twilio.stop();
  });

  const rotation = async () => (await app.ask<ConnectionView>('connections', 'get', id)).rotation;
  const reaches = (...steps: ConnectionRotation['step'][]) =>
    app.until(rotation, (current) => current !== undefined && steps.includes(current.step));
  /** Twilio has done what this call asked for, and the answer is not on its way yet. */
  const done = (path: string) =>
    new Promise<void>((resolve) => {
      twilio.events.on('request', ({ url, status }) => {
        if (url.endsWith(path) && (status ?? 500) < 300) resolve();
      });
    });

  it.each([
    ['has made a token at Twilio', () => done('/AuthTokens/Secondary')],
    ['has stored the token', () => reaches('accepting', 'promoting')],
    ['has promoted the token at Twilio', () => done('/AuthTokens/Promote')],
    ['has stored the promotion', () => reaches('overlapping')],
  ])('right after it %s goes on in the next one', async (_moment, moment) => {
    const before = account.authToken;
    const killed = moment().then(() => app.kill());
    await app.ask('rotations', 'start', id, { overlapSeconds: 1 }, author);
    await killed;

    app = await start();
    // What comes and goes meanwhile does.
    await account.phone('+15553000001').sends('hi');
    const { id: sent } = await app.ask<OutboundMessage>('outbound', 'send', {
      connectionId: id,
      to: '+15554000001',
      text: 'Hi',
    });
    // It goes on by itself when the lease of the dead process is over; here it need not be waited for.
    const { step } = (await rotation())!;
    if (!['overlapping', 'done'].includes(step)) await app.ask('rotations', 'continue', id, author);
    await reaches('overlapping', 'done');
    await account.phone('+15553000002').sends('signed with the new token');
    await reaches('done');

    expect(account.authToken).not.toBe(before);
    expect(account.secondaryToken).toBeUndefined();
    await app.until(
      () => app.ask<OutboundMessage>('outbound', 'get', sent),
      ({ status }) => status === 'read',
    );
    await twilio.settles();
    const refused = twilio.requests.filter(({ kind, status }) => kind !== 'rest' && (status ?? 500) >= 300);
    expect(refused).toEqual([]);
    expect(await app.ask('connections', 'validate', id, author)).toMatchObject({ valid: true });
  });
});
