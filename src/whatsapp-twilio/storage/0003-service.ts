import { type Kysely, type Migration, sql } from 'kysely';
import type { Engine } from './engine';

/** Lists by id, opt-outs, the log of events with its deliveries, and how much each API key was used. */
export const service = (engine: Engine): Migration => ({
  async up(db: Kysely<unknown>) {
    const time = engine.timeType;
    await db.schema.alterTable('conversations').addColumn('opted_out_at', time).execute();
    await db.schema.alterTable('conversations').addColumn('opt_out_source', 'text').execute();
    for (const [name, table, columns] of [
      ['outbound_messages_of_conversation', 'outbound_messages', ['conversation_id', 'id']],
      ['outbound_messages_of_status', 'outbound_messages', ['scope', 'status', 'id']],
      ['outbound_messages_of_scope', 'outbound_messages', ['scope', 'id']],
      ['inbound_messages_of_conversation', 'inbound_messages', ['conversation_id', 'id']],
      ['inbound_messages_of_scope', 'inbound_messages', ['scope', 'id']],
      ['inbound_messages_of_sid', 'inbound_messages', ['message_sid']],
    ] as const) {
      await db.schema
        .createIndex(name)
        .on(table)
        .columns([...columns])
        .execute();
    }

    const place =
      engine.name === 'sqlite'
        ? sql`integer primary key autoincrement`
        : sql`bigint generated always as identity primary key`;
    const bigint = sql.raw(engine.name === 'sqlite' ? 'integer' : 'bigint');
    await sql`create table events (
      seq ${place},
      id text not null unique,
      position ${bigint},
      scope text not null,
      connection_id text not null,
      conversation_id text not null,
      type text not null,
      subject_id text not null,
      data text not null,
      at ${bigint} not null
    )`.execute(db);
    await sql`create unique index events_position on events (position) where position is not null`.execute(db);
    await sql`create index events_unplaced on events (seq) where position is null`.execute(db);
    await sql`create index events_at on events (at)`.execute(db);
    // One row: the last position that was given. Who changes it has the turn to place events.
    await sql`create table event_positions (id integer primary key, last ${bigint} not null)`.execute(db);
    await sql`insert into event_positions (id, last) values (1, 0)`.execute(db);

    await sql`create table event_deliveries (
      seq ${place},
      scope text not null,
      connection_id text not null,
      conversation_id text not null,
      subscriber text not null,
      order_key text not null,
      event_id text not null,
      state text not null,
      attempts integer not null,
      due_at ${bigint},
      owner text,
      done_handlers text not null,
      failure text,
      created_at ${bigint} not null,
      finished_at ${bigint},
      unique (event_id, subscriber)
    )`.execute(db);
    await sql`create index event_deliveries_due on event_deliveries (scope, due_at) where due_at is not null`.execute(
      db,
    );
    await sql`create index event_deliveries_order on event_deliveries (order_key, seq) where state = 'pending'`.execute(
      db,
    );
    await sql`create index event_deliveries_dead on event_deliveries (finished_at, seq) where state = 'dead'`.execute(
      db,
    );
    await sql`create index event_deliveries_owner on event_deliveries (owner) where owner is not null`.execute(db);

    await sql`create table api_usage (
      key text not null,
      window_at ${bigint} not null,
      hits integer not null,
      primary key (key, window_at)
    )`.execute(db);
  },
});
