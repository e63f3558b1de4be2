import { type Database, openDatabase } from '../../src/whatsapp-twilio/storage/database';
import { findOrCreateConversation } from '../../src/whatsapp-twilio/storage/conversation-store';
import { newId } from '../../src/common/ids';
import { type PostgresServer, startPostgres } from '../support/postgres';

it('A conversation that several processes begin at once is one', async () => {
  const pg: PostgresServer = await startPostgres();
  const dbs: Database[] = await Promise.all([openDatabase(pg.url), openDatabase(pg.url), openDatabase(pg.url)]);
  const rows = await Promise.all(
    Array.from({ length: 30 }, (_, i) =>
      dbs[i % 3]!.transaction().execute((trx) =>
        findOrCreateConversation(
          trx,
          { connectionId: 'default', sender: '+15550006789', user: { kind: 'phone', value: '+15551230001' } },
          1764000000000,
          newId,
        ),
      ),
    ),
  );
  expect(new Set(rows.map((r) => r.id)).size).toBe(1);
  expect(rows[0]!.created_at).toBe(1764000000000);
  await Promise.all(dbs.map((db) => db.destroy()));
  await pg.remove();
});
