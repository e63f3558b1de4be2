import { Inject, Injectable } from '@nestjs/common';
import type { WhatsappTwilioSettings } from '../contract/validate-options';
import { FieldErrors } from '../messages/field-errors';
import type { Runtime } from '../runtime';
import type { Signals } from '../signals';
import type { Database, DatabaseTransaction } from '../storage/database';
import { engineOf } from '../storage/engine';
import type { ConnectionRow, RotationRow } from '../storage/schema';
import { DATABASE, RUNTIME, SETTINGS, SIGNALS } from '../tokens';
import { ConnectionRegistry } from './connection-registry';
import { ConnectionTrials } from './connection-trials';
import { type Authorship, findConnection, lockAccount, recordAction, writeConnection } from './connection-writes';
import {
  ConnectionNotFoundError,
  InvalidConnectionError,
  RotationNotAbortableError,
  RotationNotFoundError,
  RotationUnderWayError,
} from './connections.errors';
import { KeyRing } from './key-ring';
import { type ConnectionRotation, toRotation } from './rotation';
import { requireStored, toConnection } from './stored-connections';
import { checkAuthorship } from './validate-authorship';
import { isToken } from './validate-connection';

export interface RotateOptions {
  /** A new token, made in Twilio's console, as the secondary one or already promoted. Without it Twilio's API makes one. */
  readonly authToken?: string;
  /**
   * How long webhooks signed with the old token are still accepted after the promotion, 0 to 604800; unless it is 0 also
   * until one came that was signed with the new token, for a day at most.
   */
  readonly overlapSeconds?: number;
}

const LONGEST_OVERLAP_SECONDS = 7 * 86_400;

/**
 * Rotates the auth tokens of stored connections. While it goes on no valid webhook is refused and no message fails.
 *
 * @see https://www.twilio.com/docs/iam/api/authtoken
 */
@Injectable()
export class ConnectionRotations {
  constructor(
    @Inject(SETTINGS) private readonly settings: WhatsappTwilioSettings,
    @Inject(DATABASE) private readonly db: Database,
    @Inject(RUNTIME) private readonly runtime: Runtime,
    @Inject(SIGNALS) private readonly signals: Signals,
    private readonly registry: ConnectionRegistry,
    private readonly keys: KeyRing,
    private readonly trials: ConnectionTrials,
  ) {}

  /**
   * Begins a rotation, which then goes on by itself; `Connections.get()` shows where it stands.
   *
   * @throws InvalidConnectionError (`INVALID_CONNECTION`), ConnectionNotFoundError (`CONNECTION_NOT_FOUND`),
   * ConnectionNotStoredError (`CONNECTION_NOT_STORED`), RotationUnderWayError (`ROTATION_UNDER_WAY`), and for a given
   * token ConnectionRefusedError (`CONNECTION_REFUSED`), TwilioNotAskedError (`TWILIO_UNREACHABLE`).
   */
  async start(id: string, options: RotateOptions, by: Authorship): Promise<ConnectionRotation> {
    const author = checkAuthorship(by);
    const { authToken, overlapMs } = this.check(options);
    const row = await requireStored(this.db, this.registry, id);
    if (authToken !== undefined) await this.accept(row, authToken);
    const now = this.runtime.clock.now();
    const rotation: RotationRow = {
      id: this.runtime.newId(),
      scope: row.scope,
      connection_id: id,
      kind: authToken === undefined ? 'twilio' : 'manual',
      step: authToken === undefined ? 'creating' : 'waiting',
      overlap_ms: overlapMs,
      attempts: 0,
      due_at: now,
      claims: 0,
      error: null,
      promoted_at: null,
      confirmed_at: null,
      started_at: now,
      updated_at: now,
      finished_at: null,
    };
    await this.db.transaction().execute(async (trx) => {
      const account = await lockAccount(trx, row);
      const ids = account.map((member) => member.id);
      if (!ids.includes(id)) throw new ConnectionNotFoundError();
      if (await this.isUnderWay(trx, ids)) throw new RotationUnderWayError();
      await trx.insertInto('connection_rotations').values(rotation).execute();
      for (const member of authToken === undefined ? [] : account) {
        const secrets = { next_auth_token: authToken! };
        await writeConnection(trx, member, { facts: { updated_at: now }, secrets }, this.keys);
      }
      await this.record(trx, row, 'rotation-started', author);
    });
    this.announce();
    return toRotation(rotation);
  }

  /**
   * Goes back to the old token, as long as Twilio has not promoted the new one. Resolves once that is decided to be done;
   * should it be promoted in this moment, the rotation goes on.
   *
   * @throws RotationNotFoundError (`ROTATION_NOT_FOUND`), RotationNotAbortableError (`ROTATION_NOT_ABORTABLE`).
   */
  abort(id: string, by: Authorship): Promise<ConnectionRotation> {
    return this.act(id, 'rotation-aborted', by, (rotation, now) => {
      if (rotation.step === 'overlapping') throw new RotationNotAbortableError();
      // Twilio refused to make a token: there is nothing to take back.
      const isUndone = rotation.step === 'creating' && rotation.due_at === null && rotation.attempts <= 1;
      return isUndone
        ? { step: 'aborted', due_at: null, finished_at: now, error: null }
        : { step: 'aborting', due_at: now, attempts: 0, error: null };
    });
  }

  /**
   * Takes the next step now: tries again what failed, promotes at once, or ends the overlap.
   *
   * @throws RotationNotFoundError (`ROTATION_NOT_FOUND`).
   */
  continue(id: string, by: Authorship): Promise<ConnectionRotation> {
    return this.act(id, 'rotation-continued', by, ({ step }, now) => ({
      due_at: now,
      ...(step === 'overlapping' && { overlap_ms: 0 }),
    }));
  }

  private async act(
    id: string,
    action: 'rotation-aborted' | 'rotation-continued',
    by: Authorship,
    change: (rotation: RotationRow, now: number) => Partial<RotationRow>,
  ): Promise<ConnectionRotation> {
    const author = checkAuthorship(by);
    const row = await requireStored(this.db, this.registry, id);
    const rotation = await this.db.transaction().execute(async (trx) => {
      await findConnection(trx, row.scope, id);
      const found = await trx
        .selectFrom('connection_rotations')
        .selectAll()
        .where('connection_id', '=', id)
        .where('finished_at', 'is', null)
        .modifyEnd(engineOf(trx).forUpdate)
        .executeTakeFirst();
      if (found === undefined) throw new RotationNotFoundError();
      const now = this.runtime.clock.now();
      // Whoever is at it right now has lost it: what a call of theirs did is found out by the next step.
      const next = { ...change(found, now), claims: found.claims + 1, updated_at: now };
      await trx.updateTable('connection_rotations').set(next).where('id', '=', found.id).execute();
      await this.record(trx, row, action, author);
      return { ...found, ...next };
    });
    this.announce();
    return toRotation(rotation);
  }

  private check({ authToken, overlapSeconds }: RotateOptions): { authToken: string | undefined; overlapMs: number } {
    const errors = new FieldErrors();
    if (authToken !== undefined && !isToken(authToken)) {
      errors.add('authToken', 'invalid', 'must be an auth token: 1 to 256 visible characters, without spaces.');
    }
    const overlap = overlapSeconds ?? this.settings.rotation.overlapMs / 1000;
    if (!(Number.isFinite(overlap) && overlap >= 0 && overlap <= LONGEST_OVERLAP_SECONDS)) {
      errors.add('overlapSeconds', 'out-of-range', `must be a number of seconds, 0 to ${LONGEST_OVERLAP_SECONDS}.`);
    }
    const found = errors.list();
    if (found.length > 0) throw new InvalidConnectionError(found);
    return { authToken, overlapMs: Math.round(overlap * 1000) };
  }

  /** A wrong token must not take the place of one that works. */
  private async accept(row: ConnectionRow, authToken: string): Promise<void> {
    const connection = toConnection(row, this.keys);
    if (connection.authTokens.includes(authToken)) {
      const message = 'authToken is one of the tokens that the connection has already.';
      throw new InvalidConnectionError([{ field: 'authToken', code: 'conflict', message }]);
    }
    await this.trials.accept(connection, authToken);
  }

  /** The tokens are the account's: one rotation at a time, whichever of its connections it was begun for. */
  private async isUnderWay(trx: DatabaseTransaction, ids: readonly string[]): Promise<boolean> {
    const found = await trx
      .selectFrom('connection_rotations')
      .select('id')
      .where('connection_id', 'in', ids)
      .where('finished_at', 'is', null)
      .executeTakeFirst();
    return found !== undefined;
  }

  private record(
    trx: DatabaseTransaction,
    { scope, id }: ConnectionRow,
    action: 'rotation-started' | 'rotation-aborted' | 'rotation-continued',
    by: Authorship,
  ): Promise<void> {
    return recordAction(trx, { scope, connectionId: id, action, by, at: this.runtime.clock.now() });
  }

  private announce(): void {
    this.signals.connections.emit();
    this.signals.rotations.emit();
  }
}
