import { ConnectionRotations } from 'nestjs-whatsapp-twilio';
import { inbound } from 'nestjs-whatsapp-twilio/testing';
import { createSignals } from '../../src/whatsapp-twilio/signals';
import { SIGNALS } from '../../src/whatsapp-twilio/tokens';
import { Happenings } from '../support/happenings';
import { type PostgresServer, startPostgres } from '../support/postgres';
import { expectNothingLost, underLoad } from '../support/rotation-load';
import { postSigned } from '../support/signed-webhook';
import { addTenant, author, connectionsOf, encryptionKey, startTenantHost } from '../support/tenants';
import type { WhatsappHost } from '../support/whatsapp-host';

describe('Connections of two replicas', () => {
  let postgres: PostgresServer;
  let first: WhatsappHost;
  let second: WhatsappHost;
  let heard: Happenings<Date>;

  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.remove());
  beforeEach(async () => {
    const module = {
      storage: { url: postgres.url },
      encryptionKeys: encryptionKey('shared'),
      rotation: { promoteAfterMs: 300, overlapMs: 500 },
    };
    first = await startTenantHost({ module, emulator: { keep: { requests: 100_000 } } });
    const { accountSid, authToken, sender, url } = first.twilio;
    heard = new Happenings();
    const signals = createSignals();
    signals.connections.on(() => heard.add(new Date()));
    second = await startTenantHost({
      module: { ...module, accountSid, authToken, fromNumber: sender, apiBaseUrl: url },
      overrides: [[SIGNALS, signals]],
    });
    await heard.count(1); // it listens
  });
  afterEach(async () => {
    await Promise.all([first.close(), second.close()]);
  });

  it('are known to the other at once, and gone for it at once', async () => {
    const account = first.twilio.account();
    const post = () =>
      postSigned(
        `${second.url}/webhooks/whatsapp/twilio`,
        inbound.text({ AccountSid: account.accountSid, From: 'whatsapp:+15553000001', To: account.sender }),
        { token: account.authToken },
      );
    expect(await post()).toMatchObject({ status: 403 }); // which is remembered
    let before = heard.all.length;
    const { connection } = await addTenant(first, account);
    await heard.count(before + 1);
    expect(await post()).toMatchObject({ status: 200 });
    before = heard.all.length;
    await connectionsOf(first).remove(connection.id, author);
    await heard.count(before + 1);
    expect(await post()).toMatchObject({ status: 403 });
  });

  it('are rotated by one while webhooks come to the other', async () => {
    const account = first.twilio.account();
    const { connection } = await addTenant(first, account);
    account.webhook({ url: `${second.url}/webhooks/whatsapp/twilio` });
    const before = account.authToken;
    await first.app.get(ConnectionRotations).start(connection.id, { overlapSeconds: 60 }, author);
    const isPromoted = async () => {
      for (;;) {
        const seen = heard.all.length;
        if ((await connectionsOf(first).get(connection.id))?.rotation?.step === 'overlapping') return;
        await heard.count(seen + 1);
      }
    };
    const { webhooks } = await underLoad(
      first,
      { account, connectionId: connection.id },
      Promise.all([isPromoted(), second.recorder.messages.count(30)]).then(() =>
        account.phone('+15553999999').sends('afterwards'),
      ),
    );
    expect(webhooks).toBeGreaterThan(10);
    expect(account.authToken).not.toBe(before);
    await expectNothingLost(first, []);
  });

  it('are not taken for unknown while PostgreSQL is away', async () => {
    const account = first.twilio.account();
    await addTenant(first, account);
    const post = () =>
      postSigned(
        `${first.url}/webhooks/whatsapp/twilio`,
        inbound.text({ AccountSid: account.accountSid, From: 'whatsapp:+15553000009', To: account.sender }),
        { token: account.authToken },
      );
    expect(await post()).toMatchObject({ status: 200 });
    await postgres.stop();
    expect((await post()).status).toBe(503); // not 403
    const stranger = first.twilio.account();
    const unknown = await postSigned(
      `${first.url}/webhooks/whatsapp/twilio`,
      inbound.text({ AccountSid: stranger.accountSid, To: stranger.sender }),
      { token: stranger.authToken },
    );
    expect(unknown.status).toBe(503); // nobody can tell
    await postgres.start();
  });
});
