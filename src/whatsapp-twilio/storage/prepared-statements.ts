/** Uses after which a statement is worth a name. */
const USES = 5;
/** Each is kept by the server, for each connection. */
const MOST_NAMES = 200;
const MOST_COUNTED = 1000;
/** A longer one is for several rows, and seldom comes again with as many. */
const LONGEST = 2500;

/** "There is no such statement", "there is one already": another client has used this connection, as with a pooler. */
const FOREIGN_CODES = new Set(['26000', '42P05']);

/**
 * Names for the statements that come again and again, so that PostgreSQL reads and plans them once for each connection:
 * for statements as small as ours that takes longer than doing them.
 */
export class PreparedStatements {
  readonly #names = new Map<string, string>();
  readonly #uses = new Map<string, number>();
  #isUsable = true;

  /** The name to send it under; none for one that is not worth it. */
  nameOf(sql: string): string | undefined {
    if (!this.#isUsable) return undefined;
    const name = this.#names.get(sql);
    if (name !== undefined || this.#names.size === MOST_NAMES || sql.length > LONGEST) return name;
    const uses = (this.#uses.get(sql) ?? 0) + 1;
    if (uses < USES) {
      if (this.#uses.size === MOST_COUNTED) this.#uses.clear();
      this.#uses.set(sql, uses);
      return undefined;
    }
    this.#uses.delete(sql);
    const given = `whatsapp_twilio_${this.#names.size + 1}`;
    this.#names.set(sql, given);
    return given;
  }

  /**
   * Whether what failed is the statement's name and not the statement, which may be done again. Where connections are
   * shared by a pooler that keeps no statements, names are given up.
   */
  isToBlame(error: unknown): boolean {
    if (isStalePlan(error)) return true;
    if (!FOREIGN_CODES.has(codeOf(error))) return false;
    this.#isUsable = false;
    return true;
  }
}

/** Work that failed for this did nothing wrong and may be done again. */
export function isStatementError(error: unknown): boolean {
  return FOREIGN_CODES.has(codeOf(error)) || isStalePlan(error);
}

/** Another replica has changed the table, as when it is of a newer version. */
function isStalePlan(error: unknown): boolean {
  return codeOf(error) === '0A000' && /cached plan/.test((error as Error).message);
}

function codeOf(error: unknown): string {
  return (error as { code?: string } | undefined)?.code ?? '';
}
