import type { ConnectionRegistry } from '../connections/connection-registry';

/** Work of a connection, and the account whose budget it uses. */
export interface AccountUse {
  readonly account_sid: string;
  readonly connection_id: string;
}

/**
 * How many sends a minute each account is allowed. Where connections share an account, the smallest of their limits holds
 * while they have work. Looked up before a transaction begins, since a lookup may ask the host.
 */
export class AccountLimits {
  constructor(
    private readonly connections: ConnectionRegistry,
    private readonly defaultRpm: number,
  ) {}

  async of(uses: readonly AccountUse[]): Promise<ReadonlyMap<string, number>> {
    const limits = new Map<string, number>();
    for (const { account_sid, connection_id } of uses) {
      const rpm = await this.rpmOf(connection_id);
      limits.set(account_sid, Math.min(rpm, limits.get(account_sid) ?? Infinity));
    }
    return limits;
  }

  /** One that is gone or cannot be looked up is found out to be so when its message is to be sent. */
  private async rpmOf(connectionId: string): Promise<number> {
    try {
      const connection = await this.connections.byId(connectionId);
      return connection?.limits.rpm ?? this.defaultRpm;
    } catch {
      return this.defaultRpm;
    }
  }
}
