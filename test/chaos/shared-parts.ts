import { type PostgresServer, startPostgres } from '../support/postgres';
import { ProcessPool } from './app-process';

/** What takes long to begin and serves one world after another. */
export class SharedParts {
  readonly pool = new ProcessPool();
  #postgres: Promise<PostgresServer> | undefined;

  /** The server on which each world has a database of its own. Nobody stops it for long. */
  postgres(): Promise<PostgresServer> {
    return (this.#postgres ??= startPostgres());
  }

  async end(): Promise<void> {
    await this.pool.end();
    await (await this.#postgres)?.remove();
  }
}
