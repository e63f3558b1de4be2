import { type CompiledQuery, sql } from 'kysely';
import { KeyRing } from '../../src/whatsapp-twilio/connections/key-ring';
import { placeOf } from '../../src/whatsapp-twilio/connections/stored-connections';
import { parseEncryptionKey } from '../../src/whatsapp-twilio/contract/encryption-key';
import type { Database } from '../../src/whatsapp-twilio/storage/database';
import { openStorage, type Storage } from '../../src/whatsapp-twilio/storage/storage';
import { DATABASE } from '../../src/whatsapp-twilio/tokens';
import { newId } from '../../src/common/ids';
import { Happenings } from '../support/happenings';
import { planOf, watched } from '../support/query-plans';
import { engines, useStorage } from '../support/storages';
import { encryptionKey, startTenantHost } from '../support/tenants';
import type { WhatsappHost } from '../support/whatsapp-host';

const CONNECTIONS = 1000;
const BUSY = 10;

describe.each(engines)('A thousand connections with work for ten, on %s', (engine) => {
  const storage = useStorage(engine);
  let host: WhatsappHost;
  let opened: Storage;
  let queries: CompiledQuery[];

  afterEach(async () => {
    await host.close();
    await opened.close();
  });

  it('cost what ten connections cost: no query lists them or reads them through', async () => {
    const key = encryptionKey('first');
    opened = await openStorage(storage.url);
    queries = [];
    const db = watched(opened.db, queries);
    host = await startTenantHost({
      module: { storage: { url: storage.url }, encryptionKeys: key },
      overrides: [[DATABASE, db]],
    });
    const accounts = Array.from({ length: BUSY }, () => host.twilio.account());
    for (const account of accounts) account.webhook({ url: `${host.url}/webhooks/whatsapp/twilio` });
    const keys = new KeyRing([parseEncryptionKey(key)!]);
    const rows = [
      ...accounts.map(({ accountSid, authToken, sender }) => rowOf(keys, accountSid, authToken, sender)),
      ...Array.from({ length: CONNECTIONS - BUSY }, (_, number) =>
        rowOf(keys, `AC${String(number).padStart(32, '0')}`, 'f'.repeat(32), `whatsapp:+1555${1_000_000 + number}`),
      ),
    ];
    for (let at = 0; at < rows.length; at += 50) {
      await opened.db
        .insertInto('connections')
        .values(rows.slice(at, at + 50))
        .execute();
    }
    if (engine === 'postgres') await sql`analyze`.execute(opened.db);
    queries.length = 0;

    const taken = new Happenings<string>();
    host.twilio.events.on('message', ({ direction, sid }) => {
      if (direction === 'outbound-api') taken.add(sid);
    });
    host.recorder.answer = () => 'Hello';
    await Promise.all(accounts.map((account, index) => account.phone(`+155530000${10 + index}`).sends('hi')));
    await Promise.all(
      rows
        .slice(0, BUSY)
        .map(({ id }, index) => host.outbound.send({ connectionId: id, to: `+155540000${10 + index}`, text: 'Hi' })),
    );
    await taken.count(2 * BUSY);

    const lookups = queries.filter((query) => / from connections as connection /.test(query.sql));
    expect(lookups.length).toBeGreaterThan(0);
    expect(lookups.length).toBeLessThanOrEqual(3 * BUSY);
    expect(Math.max(...queries.map(({ parameters }) => parameters.length))).toBeLessThan(CONNECTIONS / 2);
    const distinct = new Map(queries.map((query) => [query.sql, query]));
    const read = [...distinct.values()].filter((query) => / connections /.test(query.sql));
    for (const query of engine === 'sqlite' ? distinct.values() : read) {
      expect([query.sql, await scansOf(opened.db, query)]).toEqual([query.sql, []]);
    }
  });
});

/** The tables that a query would read through, but for those that hold no more than processes, a minute’s sends, the accounts with work, and the rows that were found or are changed. */
async function scansOf(db: Database, query: CompiledQuery): Promise<string[]> {
  const lines = await planOf(db, query);
  return lines.filter((line) =>
    /\bSCAN (?!\d|workers|CONSTANT|changed|found|send_slots|accounts)|Seq Scan on connections/.test(line),
  );
}

function rowOf(keys: KeyRing, accountSid: string, authToken: string, sender: string) {
  const id = newId();
  return {
    id,
    scope: 'default',
    label: null,
    state: 'active' as const,
    account_sid: accountSid,
    sender: sender.replace('whatsapp:', ''),
    messaging_service_sid: null,
    rpm: null,
    auth_token: keys.encrypt(authToken, placeOf(id, 'auth_token')),
    next_auth_token: null,
    previous_auth_token: null,
    api_key_sid: null,
    api_key_secret: null,
    key_id: keys.primary!,
    validation: null,
    version: 1,
    created_at: 0,
    updated_at: 0,
  };
}
