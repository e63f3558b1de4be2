import { Inject, Injectable } from '@nestjs/common';
import { BoundedCache } from '../connections/bounded-cache';
import { ConnectionRegistry } from '../connections/connection-registry';
import type { WhatsappTwilioSettings } from '../contract/validate-options';
import type { Runtime } from '../runtime';
import type { Signals } from '../signals';
import type { Database } from '../storage/database';
import { DATABASE, RUNTIME, SETTINGS, SIGNALS } from '../tokens';

/** An account with work, and a connection that has some of it. */
export interface AccountUse {
  readonly account_sid: string;
  readonly connection_id: string;
}

const MOST_ACCOUNTS = 5000;
const FRESH_MS = 15_000;

/**
 * How many sends a minute each account is allowed: the smallest limit of its stored connections, else that of the host's.
 * To be asked before a transaction begins, since it may ask the host.
 */
@Injectable()
export class AccountLimits {
  private readonly known: BoundedCache<number>;

  constructor(
    @Inject(SETTINGS) private readonly settings: WhatsappTwilioSettings,
    @Inject(DATABASE) private readonly db: Database,
    @Inject(RUNTIME) { clock }: Runtime,
    @Inject(SIGNALS) signals: Signals,
    private readonly connections: ConnectionRegistry,
  ) {
    this.known = new BoundedCache(MOST_ACCOUNTS, clock);
    signals.connections.on(() => this.known.clear());
  }

  async of(uses: readonly AccountUse[]): Promise<ReadonlyMap<string, number>> {
    const limits = new Map<string, number>();
    for (const use of uses) limits.set(use.account_sid, await this.rpmOf(use));
    return limits;
  }

  private async rpmOf({ account_sid: accountSid, connection_id: connectionId }: AccountUse): Promise<number> {
    if (accountSid === this.connections.default.accountSid) return this.settings.rateLimitRpm;
    const known = this.known.get(accountSid);
    if (known !== undefined && known.ageMs < FRESH_MS) return known.value;
    const rpm = (await this.smallestStored(accountSid)) ?? (await this.limitOf(connectionId));
    this.known.set(accountSid, rpm);
    return rpm;
  }

  private async smallestStored(accountSid: string): Promise<number | undefined> {
    const row = await this.db
      .selectFrom('connections')
      .select(({ fn }) => fn.min('rpm').as('rpm'))
      .where('account_sid', '=', accountSid)
      .where('scope', '=', this.connections.scope)
      .executeTakeFirst();
    return row?.rpm ?? undefined;
  }

  /** One that is gone or cannot be looked up is found out to be so when its message is to be sent. */
  private async limitOf(connectionId: string): Promise<number> {
    try {
      return (await this.connections.byId(connectionId))?.limits.rpm ?? this.settings.rateLimitRpm;
    } catch {
      return this.settings.rateLimitRpm;
    }
  }
}
