import type { Kysely, Migration } from 'kysely';

/** Which trace a message belongs to, so that what is done for it later is part of that as well. */
export const trace = (): Migration => ({
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable('inbound_messages').addColumn('trace', 'text').execute();
    await db.schema.alterTable('outbound_messages').addColumn('trace', 'text').execute();
  },
});
