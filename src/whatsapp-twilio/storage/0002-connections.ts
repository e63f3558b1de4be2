import { type Kysely, type Migration, sql } from 'kysely';
import type { Engine } from './engine';
import { orderedTable } from './ordered-table';

/** The tables whose rows are work, or wait to become it. */
const workTables = ['inbound_messages', 'outbound_messages', 'message_events', 'early_callbacks'] as const;

/** The connections that customers bring, the rotation of their tokens, and who changed them. */
export const connections = (engine: Engine): Migration => ({
  async up(db: Kysely<unknown>) {
    await scopeWork(db);
    await addConnections(db, engine);
  },
});

/**
 * Work is found by its scope, the registration of the module that serves it, however many connections that has. Until now
 * a registration had one connection, of the same name.
 */
async function scopeWork(db: Kysely<unknown>): Promise<void> {
  for (const table of workTables) {
    await db.schema
      .alterTable(table)
      .addColumn('scope', 'text', (c) => c.notNull().defaultTo(''))
      .execute();
    await sql`update ${sql.table(table)} set scope = connection_id`.execute(db);
  }
  for (const table of ['inbound_messages', 'outbound_messages', 'message_events']) {
    const index = sql.ref(`${table}_due`);
    await sql`drop index ${index}`.execute(db);
    await sql`create index ${index} on ${sql.table(table)} (scope, due_at) where due_at is not null`.execute(db);
  }
  await sql`drop index outbound_messages_check`.execute(db);
  await sql`create index outbound_messages_check on outbound_messages (scope, check_at) where check_at is not null`.execute(
    db,
  );
}

async function addConnections(db: Kysely<unknown>, engine: Engine): Promise<void> {
  const time = engine.timeType;
  await db.schema
    .createTable('connections')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('scope', 'text', (c) => c.notNull())
    .addColumn('label', 'text')
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('account_sid', 'text', (c) => c.notNull())
    .addColumn('sender', 'text')
    .addColumn('messaging_service_sid', 'text')
    .addColumn('rpm', 'integer')
    .addColumn('auth_token', 'text', (c) => c.notNull())
    .addColumn('next_auth_token', 'text')
    .addColumn('previous_auth_token', 'text')
    .addColumn('api_key_sid', 'text')
    .addColumn('api_key_secret', 'text')
    .addColumn('key_id', 'text', (c) => c.notNull())
    .addColumn('validation', 'text')
    .addColumn('version', 'integer', (c) => c.notNull())
    .addColumn('created_at', time, (c) => c.notNull())
    .addColumn('updated_at', time, (c) => c.notNull())
    .execute();
  // One account's webhooks are told apart by their sender, so no two connections may have the same.
  await sql`create unique index connections_by_sender on connections (scope, account_sid, sender)
    where sender is not null`.execute(db);
  await sql`create unique index connections_by_service on connections (scope, account_sid, messaging_service_sid)
    where messaging_service_sid is not null`.execute(db);
  await sql`create unique index connections_by_account on connections (scope, account_sid)
    where sender is null and messaging_service_sid is null`.execute(db);
  await sql`create index connections_of_account on connections (account_sid)`.execute(db);
  await sql`create index connections_listed on connections (scope, id)`.execute(db);
  await sql`create index connections_by_key on connections (scope, key_id)`.execute(db);

  await db.schema
    .createTable('connection_rotations')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('scope', 'text', (c) => c.notNull())
    .addColumn('connection_id', 'text', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('step', 'text', (c) => c.notNull())
    .addColumn('overlap_ms', time, (c) => c.notNull())
    .addColumn('attempts', 'integer', (c) => c.notNull())
    .addColumn('due_at', time)
    .addColumn('claims', 'integer', (c) => c.notNull())
    .addColumn('error', 'text')
    .addColumn('promoted_at', time)
    .addColumn('confirmed_at', time)
    .addColumn('started_at', time, (c) => c.notNull())
    .addColumn('updated_at', time, (c) => c.notNull())
    .addColumn('finished_at', time)
    .execute();
  await sql`create unique index connection_rotations_one on connection_rotations (connection_id)
    where finished_at is null`.execute(db);
  await sql`create index connection_rotations_due on connection_rotations (scope, due_at)
    where due_at is not null`.execute(db);
  await sql`create index connection_rotations_latest on connection_rotations (connection_id, started_at)`.execute(db);

  await orderedTable(db, engine, 'connection_events')
    .addColumn('scope', 'text', (c) => c.notNull())
    .addColumn('connection_id', 'text', (c) => c.notNull())
    .addColumn('at', time, (c) => c.notNull())
    .addColumn('actor', 'text', (c) => c.notNull())
    .addColumn('action', 'text', (c) => c.notNull())
    .addColumn('reason', 'text')
    .addColumn('fields', 'text', (c) => c.notNull())
    .execute();
  await sql`create index connection_events_of on connection_events (scope, connection_id, seq)`.execute(db);
  await sql`create index connection_events_all on connection_events (scope, seq)`.execute(db);
}
