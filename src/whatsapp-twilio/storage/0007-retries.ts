import { type Kysely, type Migration, sql } from 'kysely';

/** Messages that are to be tried again are found without reading those that were never tried. */
export const retries = (): Migration => ({
  async up(db: Kysely<unknown>) {
    await sql`create index outbound_messages_retries on outbound_messages (scope, account_sid, priority, due_at, seq)
      where due_at is not null and status = 'queued' and attempts > 0`.execute(db);
  },
});
