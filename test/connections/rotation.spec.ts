import { ConnectionRotations, type ConnectionRotation } from 'nestjs-whatsapp-twilio';
import { inbound } from 'nestjs-whatsapp-twilio/testing';
import { KeyRing } from '../../src/whatsapp-twilio/connections/key-ring';
import { placeOf } from '../../src/whatsapp-twilio/connections/stored-connections';
import type { Signals } from '../../src/whatsapp-twilio/signals';
import { SIGNALS } from '../../src/whatsapp-twilio/tokens';
import { Happenings } from '../support/happenings';
import { postSigned } from '../support/signed-webhook';
import { engines, useStorage } from '../support/storages';
import { expectNothingLost, twilioConsole, underLoad } from '../support/rotation-load';
import { addTenant, author, connectionsOf, startTenantHost, type Tenant } from '../support/tenants';
import type { WhatsappHost } from '../support/whatsapp-host';

describe.each(engines)('A rotation, on %s', (engine) => {
  const storage = useStorage(engine);
  let host: WhatsappHost;
  let tenant: Tenant;
  let changes: Happenings<Date>;

  beforeEach(() => start());
  afterEach(() => host.close());

  async function start(promoteAfterMs = 300): Promise<void> {
    host = await startTenantHost({
      emulator: { keep: { requests: 100_000 } },
      module: { storage: { url: storage.url }, rotation: { promoteAfterMs, overlapMs: 500 } },
    });
    tenant = await addTenant(host, host.twilio.account());
    changes = new Happenings();
    host.app.get<Signals>(SIGNALS, { strict: false }).connections.on(() => changes.add(new Date()));
    host.app.get<Signals>(SIGNALS, { strict: false }).rotations.on(() => changes.add(new Date()));
  }

  /** Likewise, but a new token is promoted only when the test says so. */
  async function startWithoutHurry(): Promise<void> {
    await host.close();
    await start(3_600_000);
  }

  const loaded = () => ({ account: tenant.account, connectionId: tenant.connection.id });
  const rotations = () => host.app.get(ConnectionRotations);
  const rotation = async (): Promise<ConnectionRotation> => {
    const { rotation: current } = (await connectionsOf(host).get(tenant.connection.id))!;
    return current!;
  };
  const changesUntil = async (holds: () => Promise<boolean>) => {
    for (;;) {
      const seen = changes.all.length;
      if (await holds()) return;
      await changes.count(seen + 1);
    }
  };
  /** Looks after each change until it is so. */
  const until = async (holds: (current: ConnectionRotation) => boolean) => {
    let current: ConnectionRotation;
    await changesUntil(async () => holds((current = await rotation())));
    return current!;
  };
  const reaches = (step: ConnectionRotation['step']) => until((current) => current.step === step);

  /** A webhook that is signed with the new token was taken. */
  const confirmed = () => until(({ step, confirmedAt }) => step === 'overlapping' && confirmedAt !== undefined);
  /** Ends the overlap once nothing is on its way any more, after which one more webhook is taken. */
  const retire = async () => {
    await host.twilio.settles();
    await rotations().continue(tenant.connection.id, author);
    await reaches('done');
    await tenant.account.phone('+15553999999').sends('afterwards');
  };

  it('by Twilio’s API refuses no webhook and fails no send', async () => {
    const before = tenant.account.authToken;
    await rotations().start(tenant.connection.id, { overlapSeconds: 60 }, author);
    const handled = host.recorder.messages.count(30);
    const { sent, webhooks } = await underLoad(host, loaded(), Promise.all([handled, confirmed()]));
    expect(tenant.account.authToken).not.toBe(before);
    expect(webhooks).toBeGreaterThan(10);
    expect(sent.length).toBeGreaterThan(0);
    await retire();
    await expectNothingLost(host, sent);
    expect(await rotation()).toMatchObject({
      kind: 'twilio',
      promotedAt: expect.any(Date),
      confirmedAt: expect.any(Date),
    });
    const { events } = await connectionsOf(host).events({ connectionId: tenant.connection.id });
    expect(events.map(({ action }) => action)).toEqual([
      'rotation-done',
      'rotation-continued',
      'rotation-promoted',
      'rotation-started',
      'created',
    ]);
    expect(events.map(({ actor }) => actor)).toEqual(['system', 'test', 'system', 'test', 'test']);
  });

  it('by hand, with a token that is promoted in the console meanwhile, likewise', async () => {
    const before = tenant.account.authToken;
    const { secondary, promote } = twilioConsole(tenant);
    await rotations().start(tenant.connection.id, { authToken: await secondary(), overlapSeconds: 60 }, author);
    const handled = host.recorder.messages.count(30).then(promote);
    const { sent } = await underLoad(host, loaded(), Promise.all([handled, confirmed()]));
    expect(tenant.account.authToken).not.toBe(before);
    await retire();
    await expectNothingLost(host, sent);
    expect(await rotation()).toMatchObject({ kind: 'manual', confirmedAt: expect.any(Date) });
  });

  it('keeps the old token until a webhook came that was signed with the new one', async () => {
    const { id } = tenant.connection;
    const before = tenant.account.authToken;
    const webhook = `${host.url}/webhooks/whatsapp/twilio`;
    const { accountSid: AccountSid, sender: To } = tenant.account;
    const fromTwilio = (From: string, token: string) =>
      postSigned(webhook, inbound.text({ AccountSid, To, From: `whatsapp:${From}` }), { token });
    await rotations().start(id, {}, author);
    await reaches('overlapping');
    const { due_at: endOfOverlap } = await storedRotation(host, id);
    // Its overlap is over, and it was looked at again.
    await changesUntil(async () => (await storedRotation(host, id)).due_at! > endOfOverlap!);
    expect(await fromTwilio('+15553000001', before)).toMatchObject({ status: 200 });
    expect(await rotation()).toMatchObject({ step: 'overlapping', needsAttention: false });
    expect(await fromTwilio('+15553000002', tenant.account.authToken)).toMatchObject({ status: 200 });
    await reaches('done');
    expect(await fromTwilio('+15553000003', before)).toMatchObject({ status: 403 });
  });

  it('is the account’s, and so that of its other connections', async () => {
    const fromNumber = 'whatsapp:+15550009105';
    tenant.account.addSender(fromNumber);
    tenant.account.webhook({ url: `${host.url}/webhooks/whatsapp/twilio` });
    const { accountSid, authToken } = tenant.account;
    const other = await connectionsOf(host).create({ accountSid, authToken, fromNumber }, author);
    await rotations().start(tenant.connection.id, { overlapSeconds: 60 }, author);
    await expect(rotations().start(other.id, {}, author)).rejects.toMatchObject({ code: 'ROTATION_UNDER_WAY' });
    await reaches('overlapping');
    expect(tenant.account.authToken).not.toBe(authToken);
    const phone = tenant.account.phone('+15551230077', { sender: fromNumber });
    await phone.sends('To the other number');
    expect(await host.recorder.messages.first()).toMatchObject({ connectionId: other.id });
    const message = await host.outbound.send({ connectionId: other.id, to: '+15551230077', text: 'Hi' });
    await retire();
    await expectNothingLost(host, [message.id]);
    expect(await connectionsOf(host).validate(other.id, author)).toMatchObject({ valid: true });
  });

  it('that is aborted leaves what worked before', async () => {
    const before = tenant.account.authToken;
    const { secondary } = twilioConsole(tenant);
    await rotations().start(tenant.connection.id, { authToken: await secondary() }, author);
    await rotations().abort(tenant.connection.id, { actor: 'test', reason: 'changed our mind' });
    await reaches('aborted');
    expect(tenant.account.authToken).toBe(before);
    await tenant.account.phone('+15553000001').sends('hi');
    const { id } = await host.outbound.send({ connectionId: tenant.connection.id, to: '+15554000001', text: 'Hi' });
    await expectNothingLost(host, [id]);
  });

  it('that is aborted before the promotion takes the secondary token back', async () => {
    await startWithoutHurry();
    await rotations().start(tenant.connection.id, {}, author);
    await reaches('accepting');
    await rotations().abort(tenant.connection.id, author);
    await reaches('aborted');
    expect(tenant.account.secondaryToken).toBeUndefined();
    const again = await rotations().start(tenant.connection.id, {}, author);
    expect(again.step).toBe('creating');
    await reaches('accepting');
    await rotations().continue(tenant.connection.id, author);
    await reaches('overlapping');
  });

  it('cannot be aborted once the old token is dead, nor begun twice', async () => {
    await rotations().start(tenant.connection.id, { overlapSeconds: 60 }, author);
    const starting = rotations().start(tenant.connection.id, {}, author);
    await expect(starting).rejects.toMatchObject({ code: 'ROTATION_UNDER_WAY' });
    await reaches('overlapping');
    await expect(rotations().abort(tenant.connection.id, author)).rejects.toMatchObject({
      code: 'ROTATION_NOT_ABORTABLE',
    });
    await rotations().continue(tenant.connection.id, author); // ends the overlap
    await reaches('done');
    await expect(rotations().continue(tenant.connection.id, author)).rejects.toMatchObject({
      code: 'ROTATION_NOT_FOUND',
    });
  });

  it.each(['creating', 'accepting', 'promoting', 'overlapping'] as const)(
    'goes on after a crash that lost what Twilio did in the step "%s"',
    async (step) => {
      const { secondary, promote } = twilioConsole(tenant);
      const connections = connectionsOf(host);
      // As the process left it: the step is on record and was begun; what Twilio did in it is not.
      await rotations().start(tenant.connection.id, { overlapSeconds: 0 }, author);
      await reaches('done');
      const { id } = await rotations().start(tenant.connection.id, { overlapSeconds: 60 }, author);
      await reaches('overlapping');
      await rotations().continue(tenant.connection.id, author);
      await reaches('done');
      const lost = await rewind(host, tenant, id, step, { secondary, promote });
      await rotations().continue(tenant.connection.id, author);
      await reaches(step === 'overlapping' ? 'done' : 'overlapping');
      await rotations()
        .continue(tenant.connection.id, author)
        .catch(() => {});
      await reaches('done');
      expect(tenant.account.secondaryToken).toBeUndefined();
      if (lost !== undefined) expect(tenant.account.authToken).not.toBe(lost);
      await tenant.account.phone('+15553000001').sends('hi');
      const message = await host.outbound.send({ connectionId: tenant.connection.id, to: '+15554000001', text: 'Hi' });
      await expectNothingLost(host, [message.id]);
      expect((await connections.validate(tenant.connection.id, author)).valid).toBe(true);
    },
  );

  it('waits for a person when Twilio refuses for good, and then goes on', async () => {
    await startWithoutHurry();
    const { secondary, remove } = twilioConsole(tenant);
    await rotations().start(tenant.connection.id, {}, author);
    await reaches('accepting');
    await remove();
    await rotations().continue(tenant.connection.id, author);
    expect(await until(({ needsAttention }) => needsAttention)).toMatchObject({
      step: 'promoting',
      needsAttention: true,
      error: expect.stringContaining('no secondary token'),
    });
    await secondary();
    await rotations().continue(tenant.connection.id, author);
    await reaches('overlapping');
    await tenant.account.phone('+15553000001').sends('hi');
    await reaches('done');
    await expectNothingLost(host, []);
  });

  it('by hand takes no token that Twilio refuses, and none that is there already', async () => {
    const start = (authToken: string) => rotations().start(tenant.connection.id, { authToken }, author);
    await expect(start('f'.repeat(32))).rejects.toMatchObject({ code: 'CONNECTION_REFUSED' });
    await expect(start(tenant.account.authToken)).rejects.toMatchObject({ code: 'INVALID_CONNECTION' });
    await expect(start('with a space')).rejects.toMatchObject({ code: 'INVALID_CONNECTION' });
  });

  it('of the configured connection is a matter of its configuration', async () => {
    await expect(rotations().start('default', {}, author)).rejects.toMatchObject({ code: 'CONNECTION_NOT_STORED' });
    await expect(rotations().start('nobody', {}, author)).rejects.toMatchObject({ code: 'CONNECTION_NOT_FOUND' });
  });
});

function storedRotation(host: WhatsappHost, connectionId: string) {
  return host.db
    .selectFrom('connection_rotations')
    .select('due_at')
    .where('connection_id', '=', connectionId)
    .executeTakeFirstOrThrow();
}

/**
 * Puts the last rotation back to where a process died in this step, after Twilio did what was asked and before that was
 * written. Returns the token that Twilio had before.
 */
async function rewind(
  host: WhatsappHost,
  tenant: Tenant,
  rotationId: string,
  step: ConnectionRotation['step'],
  twilio: { secondary(): Promise<string>; promote(): Promise<string> },
): Promise<string | undefined> {
  const before = tenant.account.authToken;
  const keys = host.app.get(KeyRing, { strict: false });
  const { id } = tenant.connection;
  const store = (column: 'auth_token' | 'next_auth_token', token: string) =>
    host.db
      .updateTable('connections')
      .set({ [column]: keys.encrypt(token, placeOf(id, column)) })
      .where('id', '=', id)
      .execute();
  if (step === 'creating') await twilio.secondary(); // whose answer was lost
  if (step === 'accepting' || step === 'promoting') await store('next_auth_token', await twilio.secondary());
  if (step === 'promoting') await twilio.promote();
  await host.db
    .updateTable('connection_rotations')
    .set({ step, attempts: 1, claims: 1, due_at: null, finished_at: null, promoted_at: null, confirmed_at: null })
    .where('id', '=', rotationId)
    .execute();
  return step === 'overlapping' ? undefined : before;
}
