import type { Kysely, Migration } from 'kysely';
import type { Engine } from './engine';

/** What paces the outbox, and what is judged again when a message is due. */
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
    await db.schema.alterTable('outbound_messages').addColumn('settled_at', engine.timeType).execute();
    await db.schema
      .alterTable('outbound_messages')
      .addColumn('outside_window', 'text', (c) => c.notNull().defaultTo('send'))
      .execute();
  },
});
