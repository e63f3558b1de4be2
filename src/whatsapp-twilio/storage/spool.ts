import { type Generated, Kysely, sql } from 'kysely';
import { optionNames } from '../contract/option-names';
import { WhatsappTwilioConfigError } from '../contract/whatsapp-twilio-config.error';
import { GroupCommit } from './group-commit';
import { sqliteDialect } from './sqlite-dialect';

interface SpoolTables {
  webhooks: { seq: Generated<number>; webhook: string; is_set_aside: number };
}

/** One entry of the spool. */
export interface Spooled {
  readonly seq: number;
  /** As it was given to `add()`. */
  readonly webhook: string;
}

/**
 * A SQLite file that takes webhooks while the storage is away, and gives them back in their order. Additions that come
 * together share a flush to disk, and each is on disk before it resolves. The file belongs to one process at a time.
 */
export class Spool {
  #size: number;
  readonly #additions: GroupCommit<SpoolTables>;

  private constructor(
    private readonly db: Kysely<SpoolTables>,
    size: number,
  ) {
    this.#size = size;
    this.#additions = new GroupCommit(db);
  }

  /** @throws WhatsappTwilioConfigError when the file cannot be used, or is in use already. */
  static async open(path: string): Promise<Spool> {
    const db = new Kysely<SpoolTables>({ dialect: sqliteDialect(`sqlite:${path}`, { exclusive: true }) });
    try {
      await sql`create table if not exists webhooks (
        seq integer primary key autoincrement, webhook text not null, is_set_aside integer not null
      )`.execute(db);
      await db.updateTable('webhooks').set({ is_set_aside: 0 }).execute();
      const { count } = await db
        .selectFrom('webhooks')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      return new Spool(db, count);
    } catch (error) {
      await db.destroy();
      throw new WhatsappTwilioConfigError([{ name: optionNames.spoolPath, message: complaint(error) }]);
    }
  }

  /** How many wait to be stored, those that are just being added included. */
  get size(): number {
    return this.#size;
  }

  /** Resolves once it is on disk, behind all that was added before. */
  async add(webhook: string): Promise<void> {
    this.#size++;
    try {
      await this.#additions.run((trx) => trx.insertInto('webhooks').values({ webhook, is_set_aside: 0 }).execute());
    } catch (error) {
      this.#size--;
      throw error;
    }
  }

  oldest(limit: number): Promise<Spooled[]> {
    return this.db
      .selectFrom('webhooks')
      .select(['seq', 'webhook'])
      .where('is_set_aside', '=', 0)
      .orderBy('seq')
      .limit(limit)
      .execute();
  }

  /** They are stored elsewhere now. */
  async remove(entries: readonly Spooled[]): Promise<void> {
    const sequence = entries.map(({ seq }) => seq);
    await this.db.deleteFrom('webhooks').where('seq', 'in', sequence).execute();
    this.#size -= entries.length;
  }

  /** It cannot be stored anywhere. It stays in the file, out of the way, and is tried again after the next start. */
  async setAside({ seq }: Spooled): Promise<void> {
    await this.db.updateTable('webhooks').set({ is_set_aside: 1 }).where('seq', '=', seq).execute();
    this.#size--;
  }

  /** Removes what was set aside and received before this time, in milliseconds since 1970. */
  async eraseSetAside(until: number): Promise<void> {
    await this.db
      .deleteFrom('webhooks')
      .where('is_set_aside', '=', 1)
      .where(sql<number>`coalesce(json_extract(webhook, '$.receivedAt'), 0)`, '<', until)
      .execute();
  }

  /** Resolves if the file can be written to. */
  async check(): Promise<void> {
    await sql`pragma user_version = 1`.execute(this.db);
  }

  /** Lets go of the file at once: closing alone would, only when the statements are garbage collected. */
  async close(): Promise<void> {
    for (const pragma of ['journal_mode = delete', 'locking_mode = normal', 'user_version']) {
      await sql`pragma ${sql.raw(pragma)}`.execute(this.db).catch(() => {});
    }
    await this.db.destroy();
  }
}

function complaint(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'SQLITE_BUSY') return 'names a file that is in use. Give each process and each registration its own.';
  return `names a file that cannot be used: ${message}.`;
}
