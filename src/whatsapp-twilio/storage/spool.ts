import { type Generated, Kysely, sql } from 'kysely';
import { optionNames } from '../contract/option-names';
import { WhatsappTwilioConfigError } from '../contract/whatsapp-twilio-config.error';
import { GroupCommit } from './group-commit';
import { sqliteDialect } from './sqlite-dialect';

/** What fails this often although the storage is there is left alone until the next start. */
const MOST_TRIES = 5;

interface SpoolTables {
  webhooks: { seq: Generated<number>; webhook: string; tries: number };
}

/** One entry of the spool. */
export interface Spooled {
  readonly seq: number;
  /** As it was given to `add()`. */
  readonly webhook: string;
  /** How often it could not be stored. */
  readonly tries: number;
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
        seq integer primary key autoincrement, webhook text not null, tries integer not null
      )`.execute(db);
      await db.updateTable('webhooks').set({ tries: 0 }).execute();
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
      await this.#additions.run((trx) => trx.insertInto('webhooks').values({ webhook, tries: 0 }).execute());
    } catch (error) {
      this.#size--;
      throw error;
    }
  }

  async oldest(limit: number): Promise<Spooled[]> {
    return this.db
      .selectFrom('webhooks')
      .selectAll()
      .where('tries', '<', MOST_TRIES)
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

  /** It could not be stored. Returns whether it will be tried again before the next start. */
  async failed({ seq, tries }: Spooled): Promise<boolean> {
    await this.db
      .updateTable('webhooks')
      .set({ tries: tries + 1 })
      .where('seq', '=', seq)
      .execute();
    const isLeftAlone = tries + 1 >= MOST_TRIES;
    if (isLeftAlone) this.#size--;
    return !isLeftAlone;
  }

  /** Resolves if the file can be written to. */
  async check(): Promise<void> {
    await sql`pragma user_version = 1`.execute(this.db);
  }

  close(): Promise<void> {
    return this.db.destroy();
  }
}

function complaint(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'SQLITE_BUSY') return 'names a file that is in use. Give each process and each registration its own.';
  return `names a file that cannot be used: ${message}.`;
}
