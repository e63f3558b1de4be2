/** What Node calls a connection that could not be made or that broke. */
const NETWORK_CODES = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);

/**
 * What PostgreSQL says when it does not take a connection or ends one: class 08, a shutdown or crash, still starting,
 * a session that was idle for too long, too many connections.
 *
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const SQLSTATE = /^(08...|57P0[1235]|53300)$/;

/** `pg` has no codes for what it finds out by itself. */
const PG_MESSAGES =
  /^(Connection terminated|timeout expired|timeout exceeded when trying to connect|Query read timeout|Client (has encountered a connection error|was closed) and is not queryable)/;

/** Whether this error is about the way to the database, and says nothing about what was asked of it. */
export function isConnectionError(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, syscall, message, cause } = error as Partial<NodeJS.ErrnoException>;
  if (code === STORAGE_UNREACHABLE || syscall === 'connect') return true;
  if (code !== undefined && (NETWORK_CODES.has(code) || SQLSTATE.test(code))) return true;
  return PG_MESSAGES.test(message ?? '') || isConnectionError(cause);
}

const STORAGE_UNREACHABLE = 'STORAGE_UNREACHABLE';

/**
 * PostgreSQL is known to be out of reach; nothing was asked of it. Try again later: new attempts to connect are made in
 * the background.
 */
export class StorageUnreachableError extends Error {
  readonly code = STORAGE_UNREACHABLE;
  readonly retryable = true;

  /** @param reason What the last attempt to connect ended with. */
  constructor(reason: string, options?: ErrorOptions) {
    super(
      `PostgreSQL cannot be reached: ${reason}. ` +
        'Check that it runs and takes connections from here, and storage.url (DATABASE_URL).',
      options,
    );
    this.name = 'StorageUnreachableError';
  }
}

/** The error in a few words: `connect ECONNREFUSED 10.0.0.5:5432`. Neither Node nor PostgreSQL puts a password there. */
export function reasonOf(error: unknown): string {
  const { message, code } = error as Partial<NodeJS.ErrnoException>;
  // For a name with several addresses Node gives one error around the others, without words of its own.
  return message || code || 'unknown error';
}
