import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { ConnectionRotations } from 'nestjs-whatsapp-twilio';
import { ConnectionRegistry } from '../../src/whatsapp-twilio/connections/connection-registry';
import { KeyRing } from '../../src/whatsapp-twilio/connections/key-ring';
import { sql } from 'kysely';
import { engines, useStorage } from '../support/storages';
import { addTenant, author, connectionsOf, encryptionKey, startTenantHost, type Tenant } from '../support/tenants';
import type { WhatsappHost } from '../support/whatsapp-host';
import { MemoryLogger } from '../support/memory-logger';
import { TestClock } from '../support/test-clock';

function ring(...ids: string[]): KeyRing {
  return new KeyRing(ids.map((id) => ({ id, key: Buffer.alloc(32, id) })));
}

describe('The key ring', () => {
  it('opens what it sealed, and with any of its keys', () => {
    const sealed = ring('old').encrypt('secret', 'place');
    expect(ring('new', 'old').decrypt(sealed, 'place')).toBe('secret');
    expect(ring('new', 'old').encrypt('secret', 'place')).toMatch(/^v1:new:/);
  });

  it('seals the same text differently each time, and shows nothing of it', () => {
    const sealed = [1, 2].map(() => ring('a').encrypt('secret', 'place'));
    expect(sealed[0]).not.toBe(sealed[1]);
    expect(sealed.join()).not.toContain(Buffer.from('secret').toString('base64url'));
  });

  it.each([
    ['in another place', (sealed: string) => ring('a').decrypt(sealed, 'elsewhere')],
    [
      'with another key of the same name',
      (sealed: string) => new KeyRing([{ id: 'a', key: randomBytes(32) }]).decrypt(sealed, 'place'),
    ],
    ['without its key', (sealed: string) => ring('b').decrypt(sealed, 'place')],
    [
      'after it was changed',
      (sealed: string) => ring('a').decrypt(sealed.slice(0, -2) + (sealed.endsWith('AA') ? 'BB' : 'AA'), 'place'),
    ],
    ['when it is cut off', (sealed: string) => ring('a').decrypt(sealed.slice(0, 20), 'place')],
    ['of a later version', (sealed: string) => ring('a').decrypt(sealed.replace('v1', 'v2'), 'place')],
  ])('does not open it %s', (_, open) => {
    const sealed = ring('a').encrypt('secret', 'place');
    expect(() => open(sealed)).toThrow(expect.objectContaining({ code: 'SECRET_UNREADABLE' }));
  });
});

describe.each(engines)('Secrets at rest, on %s', (engine) => {
  const storage = useStorage(engine);
  let host: WhatsappHost;
  afterEach(() => host.close());

  it('cannot be read in another connection’s row', async () => {
    host = await startTenantHost({ module: { storage: { url: storage.url } } });
    const [first, second] = [
      await addTenant(host, host.twilio.account()),
      await addTenant(host, host.twilio.account()),
    ];
    const { auth_token } = await host.db
      .selectFrom('connections')
      .select('auth_token')
      .where('id', '=', first.connection.id)
      .executeTakeFirstOrThrow();
    await host.db.updateTable('connections').set({ auth_token }).where('id', '=', second.connection.id).execute();
    const registry = host.app.get(ConnectionRegistry, { strict: false });
    registry.forget();
    await expect(registry.byId(second.connection.id)).rejects.toMatchObject({
      code: 'CONNECTION_LOOKUP_FAILED',
      cause: { code: 'SECRET_UNREADABLE' },
    });
    // Nor in another column of its own.
    await host.db
      .updateTable('connections')
      .set({ next_auth_token: auth_token })
      .where('id', '=', first.connection.id)
      .execute();
    await expect(registry.byId(first.connection.id)).rejects.toMatchObject({ cause: { code: 'SECRET_UNREADABLE' } });
  });

  it('are encrypted anew under the first key, after which the other can be taken out', async () => {
    const [old, fresh] = [encryptionKey('old'), encryptionKey('fresh')];
    host = await startTenantHost({ module: { storage: { url: storage.url }, encryptionKeys: old } });
    const { twilio } = host;
    const account = { sid: twilio.accountSid, token: twilio.authToken };
    const tenant = await addTenant(host, twilio.account());
    const { accountSid, authToken } = tenant.account;
    await host.close();

    const clock = new TestClock();
    const restart = (encryptionKeys: string[], options: { clock?: TestClock } = {}) =>
      startTenantHost({
        ...options,
        emulator: { accountSid: account.sid, authToken: account.token },
        module: { storage: { url: storage.url }, encryptionKeys },
      });
    host = await restart([fresh, old], { clock });
    await clock.reach(clock.now() + 1000);
    const key = () => host.db.selectFrom('connections').select('key_id').executeTakeFirstOrThrow();
    for (let look = 0; look < 200 && (await key()).key_id !== 'fresh'; look++) await new Promise(setImmediate);
    expect(await key()).toEqual({ key_id: 'fresh' });
    await host.close();

    host = await restart([fresh]);
    const connection = (await host.app.get(ConnectionRegistry, { strict: false }).byId(tenant.connection.id))!;
    expect([connection.accountSid, ...connection.authTokens]).toEqual([accountSid, authToken]);
  });

  it('need their key when the app starts', async () => {
    host = await startTenantHost({ module: { storage: { url: storage.url }, encryptionKeys: encryptionKey('lost') } });
    await addTenant(host, host.twilio.account());
    const start = startTenantHost({
      module: { storage: { url: storage.url }, encryptionKeys: encryptionKey('other') },
    });
    await expect(start).rejects.toThrow(/encryptionKeys \(ENCRYPTION_KEYS\) lacks the key lost/);
  });

  it('are never stored in the clear for want of a key', async () => {
    host = await startTenantHost({ module: { storage: { url: storage.url }, encryptionKeys: [] } });
    await expect(addTenant(host, host.twilio.account())).rejects.toMatchObject({ code: 'ENCRYPTION_KEYS_REQUIRED' });
  });
});

describe.each(engines)('A stored connection, on %s', (engine) => {
  const storage = useStorage(engine);
  let host: WhatsappHost;
  let tenant: Tenant;
  let logger: MemoryLogger;
  let secrets: string[];

  beforeEach(async () => {
    logger = new MemoryLogger();
    host = await startTenantHost({
      module: { storage: { url: storage.url }, rotation: { promoteAfterMs: 1, overlapMs: 3_600_000 } },
      nest: { logger },
    });
    tenant = await addTenant(host, host.twilio.account());
    const apiKey = tenant.account.apiKey();
    await connectionsOf(host).update(tenant.connection.id, { apiKey }, author);
    secrets = [tenant.account.authToken, apiKey.secret];
  });
  afterEach(() => host.close());

  /** Has a new token made, so that the old one and the new one are stored; resolves once a webhook was signed with it. */
  const rotate = async () => {
    const promoted = new Promise<void>((resolve) => {
      host.twilio.events.on('request', ({ url, status }) => {
        if (url.endsWith('/AuthTokens/Promote') && status === 200) resolve();
      });
    });
    await host.app.get(ConnectionRotations).start(tenant.connection.id, {}, author);
    await promoted;
    secrets.push(tenant.account.authToken);
    await tenant.account.phone('+15553000001').sends('hi');
    const { id } = await host.outbound.send({ connectionId: tenant.connection.id, to: '+15554000001', text: 'Hi' });
    await host.recorder.reaches({ id }, 'read');
  };

  it('leaves no byte of its secrets in the database’s files, its log of writes included', async () => {
    await rotate();
    const { accountSid } = tenant.account;
    const forbidden = secrets.flatMap((secret) => [
      secret,
      Buffer.from(`${accountSid}:${secret}`).toString('base64'), // as it authenticates
    ]);
    const search = () => {
      const files = filesIn(storage.folder);
      // It is the right place that is searched,
      expect(files.filter((bytes) => bytes.includes(tenant.connection.id)).length).toBeGreaterThan(0);
      // and what is searched for is not there.
      for (const secret of forbidden) expect(files.filter((bytes) => bytes.includes(secret)).length).toBe(0);
    };
    search(); // what is in the log of writes alone
    await (engine === 'postgres' ? sql`checkpoint` : sql`pragma wal_checkpoint(truncate)`).execute(host.db);
    search(); // and in the tables
  });

  it('gives no secret away: printed, serialised, listed, or in the log', async () => {
    await rotate();
    const connections = connectionsOf(host);
    const connection = (await host.app.get(ConnectionRegistry, { strict: false }).byId(tenant.connection.id))!;
    const wrong = connections
      .update(tenant.connection.id, { apiKey: { sid: `SK${'1'.repeat(32)}`, secret: 'e'.repeat(32) } }, author)
      .catch((error) => error);
    const byHand = host.app
      .get(ConnectionRotations)
      .start(tenant.connection.id, { authToken: 'd'.repeat(32) }, author)
      .catch((error) => error);
    const shown = [
      inspect(connection, { depth: 10, showHidden: true }),
      JSON.stringify(connection),
      inspect(Object.assign({}, connection)),
      JSON.stringify(await connections.list()),
      JSON.stringify(await connections.get(tenant.connection.id)),
      JSON.stringify(await connections.events()),
      inspect(await wrong, { depth: 10 }),
      inspect(await byHand, { depth: 10 }),
      ...logger.lines,
    ].join('\n');
    expect(shown).toContain(tenant.connection.id);
    for (const secret of [...secrets, 'e'.repeat(32), 'd'.repeat(32)]) expect(shown).not.toContain(secret);
  });
});

/** Every file below a folder. One that goes while it is looked at is no file any more. */
function filesIn(folder: string): Buffer[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .flatMap((entry) => {
      const path = join(entry.parentPath, entry.name);
      return existsSync(path) ? [readFileSync(path)] : [];
    });
}
