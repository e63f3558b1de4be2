import { type Kysely, type Migration, sql } from 'kysely';
import type { Engine } from './engine';

/** What paces the outbox, what is judged again when a message is due, and what a repeat of a webhook is known by. */
export const pace = (engine: Engine): Migration => ({
  async up(db: Kysely<unknown>) {
    await db.schema
      .alterTable('send_slots')
      .addColumn('sends', 'integer', (c) => c.notNull().defaultTo(1))
      .execute();
    await db.schema
      .createTable('sender_rests')
      .addColumn('account_sid', 'text', (c) => c.notNull())
      .addColumn('sender', 'text', (c) => c.notNull())
      .addColumn('until', engine.timeType, (c) => c.notNull())
      .addColumn('refusals', 'integer', (c) => c.notNull())
      .addPrimaryKeyConstraint('sender_rests_sender', ['account_sid', 'sender'])
      .execute();
    await db.schema.alterTable('inbound_messages').addColumn('idempotency_token', 'text').execute();
    await sql`create unique index inbound_messages_token on inbound_messages (connection_id, idempotency_token)
      where idempotency_token is not null`.execute(db);
    await db.schema.alterTable('outbound_messages').addColumn('settled_at', engine.timeType).execute();
    await db.schema
      .alterTable('outbound_messages')
      .addColumn('outside_window', 'text', (c) => c.notNull().defaultTo('send'))
      .execute();
  },
});
