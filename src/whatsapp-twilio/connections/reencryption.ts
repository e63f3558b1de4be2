import { Inject, Injectable, Logger } from '@nestjs/common';
import { Repetition } from '../../common/repetition';
import type { EncryptionKey } from '../contract/encryption-key';
import { WhatsappTwilioConfigError } from '../contract/whatsapp-twilio-config.error';
import type { Runtime } from '../runtime';
import { isConnectionError } from '../storage/connection-error';
import type { Database } from '../storage/database';
import { DATABASE, RUNTIME } from '../tokens';
import { ConnectionRegistry } from './connection-registry';
import { lockConnection, writeConnection } from './connection-writes';
import { KeyRing } from './key-ring';

const FIRST_SWEEP_AFTER_MS = 1000;
const SWEEP_EVERY_MS = 600_000;
const BATCH = 50;

/** Encrypts stored secrets under the first key, so that an older one can be taken out of the configuration. */
@Injectable()
export class Reencryption {
  private readonly logger = new Logger('WhatsappTwilio');
  private readonly sweeps: Repetition;

  constructor(
    @Inject(DATABASE) private readonly db: Database,
    @Inject(RUNTIME) { clock }: Runtime,
    private readonly connections: ConnectionRegistry,
    private readonly keys: KeyRing,
  ) {
    this.sweeps = new Repetition(clock, SWEEP_EVERY_MS, () => this.sweep());
  }

  /**
   * Whether every stored connection can be opened, with these keys or those in use. While the storage is away it is not asked.
   *
   * @throws WhatsappTwilioConfigError that names the keys which are missing.
   */
  async refuseMissingKeys(keys?: readonly EncryptionKey[]): Promise<void> {
    const known = new Set(keys?.map(({ id }) => id));
    const has = (id: string) => (keys === undefined ? this.keys.has(id) : known.has(id));
    const missing = (await this.keysInUse()).filter((id) => !has(id));
    if (missing.length === 0) return;
    const message = `lacks the key ${missing.join(', ')}, which stored connections are encrypted with. Add it again.`;
    throw new WhatsappTwilioConfigError([{ name: 'encryptionKeys (ENCRYPTION_KEYS)', message }]);
  }

  start(): void {
    this.wake();
  }

  stop(): Promise<void> {
    return this.sweeps.stop();
  }

  /** What is encrypted with another key than the first comes next. */
  wake(): void {
    this.sweeps.doIn(FIRST_SWEEP_AFTER_MS);
  }

  private async sweep(): Promise<void> {
    const { primary } = this.keys;
    if (primary === undefined) return;
    let done = 0;
    try {
      for (let after = ''; !this.sweeps.isStopped;) {
        const rows = await this.db
          .selectFrom('connections')
          .select('id')
          .where('scope', '=', this.connections.scope)
          .where('key_id', '!=', primary)
          .where('id', '>', after)
          .orderBy('id')
          .limit(BATCH)
          .execute();
        for (const { id } of rows) done += await this.encryptAnew(id);
        if (rows.length < BATCH) break;
        after = rows.at(-1)!.id;
      }
    } catch (error) {
      if (!isConnectionError(error))
        this.logger.error('Stored secrets could not be encrypted anew.', (error as Error).stack);
    }
    if (done > 0) this.logger.log(`The secrets of ${done} connections are encrypted under key ${primary} now.`);
  }

  private async encryptAnew(id: string): Promise<number> {
    try {
      return await this.db.transaction().execute(async (trx) => {
        const row = await lockConnection(trx, this.connections.scope, id);
        if (row === undefined || row.key_id === this.keys.primary) return 0;
        await writeConnection(trx, row, {}, this.keys);
        return 1;
      });
    } catch (error) {
      if ((error as { code?: string }).code !== 'SECRET_UNREADABLE') throw error;
      this.logger.error(`Connection ${id}: ${(error as Error).message}`);
      return 0;
    }
  }

  private async keysInUse(): Promise<string[]> {
    try {
      const rows = await this.db
        .selectFrom('connections')
        .select('key_id')
        .distinct()
        .where('scope', '=', this.connections.scope)
        .execute();
      return rows.map(({ key_id }) => key_id);
    } catch (error) {
      if (isConnectionError(error)) return [];
      throw error;
    }
  }
}
