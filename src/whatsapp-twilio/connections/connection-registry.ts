import type { Connection } from './connection';

/** The connections of one registration of the module. */
export class ConnectionRegistry {
  readonly #byId: ReadonlyMap<string, Connection>;

  constructor(readonly connections: readonly [Connection, ...Connection[]]) {
    this.#byId = new Map(connections.map((connection) => [connection.id, connection]));
  }

  /** The one from the configuration, used where nothing else is named. */
  get default(): Connection {
    return this.connections[0];
  }

  byId(id: string): Connection | undefined {
    return this.#byId.get(id);
  }

  byAccountSid(accountSid: string): Connection | undefined {
    return this.connections.find((connection) => connection.accountSid === accountSid);
  }

  /** What names this registration's rows in the storage that it may share with others. */
  get scope(): string {
    return this.default.id;
  }
}
