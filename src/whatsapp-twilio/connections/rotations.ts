import { Inject, Injectable, Logger } from '@nestjs/common';
import { backoffMs } from '../../common/backoff';
import { type Claim, WorkLoop } from '../../common/work-loop';
import type { WhatsappTwilioSettings } from '../contract/validate-options';
import type { Runtime } from '../runtime';
import type { Signals } from '../signals';
import type { Database, DatabaseTransaction } from '../storage/database';
import { engineOf, lookEveryMs } from '../storage/engine';
import { logTrouble } from '../storage/log-trouble';
import { commitPersistently } from '../storage/persistently';
import type { RotationRow } from '../storage/schema';
import { DATABASE, RUNTIME, SETTINGS, SIGNALS } from '../tokens';
import { isTwilioError } from '../twilio/twilio-errors';
import { ConnectionRegistry } from './connection-registry';
import type { Connection } from './connection';
import { type ConnectionAction, lockAccount, recordAction, writeConnection } from './connection-writes';
import { KeyRing } from './key-ring';
import { type RotationMove, takeStep } from './rotation-steps';
import { toConnection } from './stored-connections';
import { TwilioClients } from './twilio-clients';

const AT_THE_SAME_TIME = 4;
/** Longer than the calls of a step can take together. */
const LEASE_MS = 60_000;
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 300_000;

/** Who is behind the steps that nobody asked for one by one. */
const SYSTEM = { actor: 'system' } as const;

/**
 * Takes rotations from step to step. Where one stands is in the storage before and after each call to Twilio, so that
 * another process goes on with it when this one dies.
 */
@Injectable()
export class Rotations {
  private readonly logger = new Logger('WhatsappTwilio');
  private readonly loop: WorkLoop<RotationRow>;

  constructor(
    @Inject(SETTINGS) private readonly settings: WhatsappTwilioSettings,
    @Inject(DATABASE) private readonly db: Database,
    @Inject(RUNTIME) private readonly runtime: Runtime,
    @Inject(SIGNALS) private readonly signals: Signals,
    private readonly connections: ConnectionRegistry,
    private readonly keys: KeyRing,
    private readonly clients: TwilioClients,
  ) {
    this.loop = new WorkLoop({
      clock: runtime.clock,
      concurrency: AT_THE_SAME_TIME,
      lookEveryMs: lookEveryMs(db),
      claim: (limit) => this.claim(limit),
      run: (row) => this.run(row),
      onError: logTrouble(this.logger, 'Tokens cannot be rotated for the moment.'),
    });
    signals.rotations.on(() => this.loop.wake());
  }

  start(): void {
    this.loop.start();
  }

  stop(): Promise<void> {
    return this.loop.stop();
  }

  private claim(limit: number): Promise<Claim<RotationRow>> {
    const { scope } = this.connections;
    return this.db.transaction().execute(async (trx) => {
      const now = this.runtime.clock.now();
      const due = await trx
        .selectFrom('connection_rotations')
        .select('id')
        .where('scope', '=', scope)
        .where('due_at', '<=', now)
        .orderBy('due_at')
        .limit(limit)
        .modifyEnd(engineOf(trx).skipLocked)
        .execute();
      const items: RotationRow[] = [];
      for (const { id } of due) {
        items.push(
          await trx
            .updateTable('connection_rotations')
            .set(({ eb }) => ({
              due_at: now + LEASE_MS,
              claims: eb('claims', '+', 1),
              attempts: eb('attempts', '+', 1),
            }))
            .where('id', '=', id)
            .returningAll()
            .executeTakeFirstOrThrow(),
        );
      }
      const next = await trx
        .selectFrom('connection_rotations')
        .select(({ fn }) => fn.min('due_at').as('at'))
        .where('scope', '=', scope)
        .where('due_at', '>', now)
        .executeTakeFirst();
      return { items, nextAt: next?.at ?? undefined };
    });
  }

  private async run(row: RotationRow): Promise<void> {
    const stored = await this.db
      .selectFrom('connections')
      .selectAll()
      .where('id', '=', row.connection_id)
      .executeTakeFirst();
    if (stored === undefined) return; // its rotation is gone with it
    const connection = toConnection(stored, this.keys);
    try {
      const move = await takeStep(row, connection, this.clients, this.settings.rotation, this.runtime.clock.now());
      await this.commit(row, connection, move);
    } catch (error) {
      if (!isTwilioError(error)) throw error;
      const pause = backoffMs(row.attempts, FIRST_RETRY_MS, LONGEST_RETRY_MS, this.runtime.random);
      this.logger.warn(`The rotation of connection ${row.connection_id} waits (${row.step}): ${error.message}`);
      const dueAt = this.runtime.clock.now() + pause;
      await this.commit(row, connection, { step: row.step, dueAt, error: error.message });
    }
    this.signals.rotations.emit();
  }

  /** Stores the step and what it did to the tokens, unless another process has the rotation by now. */
  private async commit(row: RotationRow, connection: Connection, move: RotationMove): Promise<void> {
    const moved = await commitPersistently(this.db, async (trx) => {
      const account = await lockAccount(trx, { scope: row.scope, account_sid: connection.accountSid });
      const stored = account.find(({ id }) => id === row.connection_id);
      const fresh = await lockRotation(trx, row.id);
      if (stored === undefined || fresh?.claims !== row.claims || fresh.finished_at !== null) return false;
      const now = this.runtime.clock.now();
      const finished = move.step === 'done' || move.step === 'aborted';
      const [, next] = toConnection(stored, this.keys).authTokens;
      const tokenMove = move.promoted ? { ...move, newToken: move.newToken ?? next! } : move;
      // They are the account's tokens, and so those of its other connections.
      for (const member of account) {
        const secrets = secretsAfter(tokenMove, toConnection(member, this.keys).authTokens[0]!);
        if (secrets === undefined) continue;
        await writeConnection(trx, member, { facts: { updated_at: now }, secrets }, this.keys);
      }
      await trx
        .updateTable('connection_rotations')
        .set({
          step: move.step,
          due_at: move.dueAt,
          attempts: move.error === undefined ? 0 : row.attempts,
          error: move.error ?? null,
          updated_at: now,
          ...(move.promoted && { promoted_at: now }),
          ...(finished && { finished_at: now }),
        })
        .where('id', '=', row.id)
        .execute();
      const action = actionOf(move);
      if (action !== undefined) {
        await recordAction(trx, { scope: row.scope, connectionId: stored.id, action, by: SYSTEM, at: now });
      }
      return true;
    });
    if (!moved) return;
    if (move.error !== undefined && move.dueAt === null) {
      this.logger.error(`The rotation of connection ${row.connection_id} needs a person: ${move.error}`);
    }
    this.signals.connections.emit();
  }
}

/** What the move does to the stored tokens. */
function secretsAfter(move: RotationMove, current: string) {
  if (move.promoted) {
    // One that was stored after the promotion has the new token already.
    if (current === move.newToken) return { next_auth_token: null };
    return { auth_token: move.newToken!, next_auth_token: null, previous_auth_token: current };
  }
  if (move.newToken !== undefined) return { next_auth_token: move.newToken };
  if (move.dropped) return { next_auth_token: null };
  if (move.retired) return { previous_auth_token: null };
  return undefined;
}

export async function lockRotation(trx: DatabaseTransaction, id: string): Promise<RotationRow | undefined> {
  return trx
    .selectFrom('connection_rotations')
    .selectAll()
    .where('id', '=', id)
    .modifyEnd(engineOf(trx).forUpdate)
    .executeTakeFirst();
}

function actionOf({ step, promoted, error, dueAt }: RotationMove): ConnectionAction | undefined {
  if (promoted) return 'rotation-promoted';
  if (step === 'done') return 'rotation-done';
  if (step === 'aborted') return 'rotation-aborted';
  return error !== undefined && dueAt === null ? 'rotation-failed' : undefined;
}
