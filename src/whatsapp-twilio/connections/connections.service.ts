import { Inject, Injectable } from '@nestjs/common';
import type { Runtime } from '../runtime';
import type { Signals } from '../signals';
import type { Database } from '../storage/database';
import { decodeCursor, encodeCursor, idOfCursor, pageLimit, type PageRequest } from '../storage/page';
import { DATABASE, RUNTIME, SIGNALS } from '../tokens';
import { selectConnections, selectEvents, selectRotations } from './connection-queries';
import { ConnectionRegistry } from './connection-registry';
import { changedConnection, changeOf, connectionOf, newRow } from './connection-rows';
import { ConnectionTrials } from './connection-trials';
import { type Authorship, findConnection, lockConnection, recordAction, writeConnection } from './connection-writes';
import {
  type ConnectionEventPage,
  type ConnectionPage,
  type ConnectionView,
  toConnectionEvent,
  toStoredView,
  toView,
} from './connection.view';
import {
  ConnectionConflictError,
  ConnectionNotFoundError,
  EncryptionKeysRequiredError,
  InvalidConnectionError,
  RotationUnderWayError,
} from './connections.errors';
import { KeyRing } from './key-ring';
import type { ConnectionValidation } from './probe-connection';
import { findStored, requireStored, toConnection } from './stored-connections';
import { checkAuthorship } from './validate-authorship';
import { type CheckedFields, checkConnection, type ConnectionFields } from './validate-connection';

/** A change of a connection: fields left out stay, `null` takes one out. The account cannot be changed. */
export type ConnectionChange = Partial<Omit<ConnectionFields, 'accountSid'>>;

const ofCredentials: readonly (keyof CheckedFields)[] = ['authTokens', 'apiKey', 'sender', 'messagingServiceSid'];

/**
 * The connections that customers bring: kept encrypted, tried at Twilio before they are stored. Secrets go in and never
 * come out.
 *
 * @example
 * const { id } = await connections.create(
 *   { label: 'Blue Whale', accountSid, authToken, fromNumber: 'whatsapp:+15551234567' },
 *   { actor: 'ana@example.com' },
 * );
 * await outbound.send({ connectionId: id, to: '+15551230001', text: 'Hi' });
 */
@Injectable()
export class Connections {
  constructor(
    @Inject(DATABASE) private readonly db: Database,
    @Inject(RUNTIME) private readonly runtime: Runtime,
    @Inject(SIGNALS) private readonly signals: Signals,
    private readonly registry: ConnectionRegistry,
    private readonly keys: KeyRing,
    private readonly trials: ConnectionTrials,
  ) {}

  /**
   * Stores a connection that Twilio accepts.
   *
   * @throws InvalidConnectionError (`INVALID_CONNECTION`), ConnectionRefusedError (`CONNECTION_REFUSED`),
   * ConnectionConflictError (`CONNECTION_CONFLICT`), EncryptionKeysRequiredError (`ENCRYPTION_KEYS_REQUIRED`),
   * TwilioNotAskedError (`TWILIO_UNREACHABLE`).
   */
  async create(input: ConnectionFields, by: Authorship): Promise<ConnectionView> {
    const author = checkAuthorship(by);
    const fields = this.check(input, ['accountSid', 'authToken']);
    if (this.keys.primary === undefined) throw new EncryptionKeysRequiredError();
    if (fields.accountSid === this.registry.default.accountSid) {
      throw new ConnectionConflictError('The account is that of the configured connection. Use that one.');
    }
    const id = this.runtime.newId();
    const validation = await this.trials.accept(connectionOf(id, fields));

    const now = this.runtime.clock.now();
    const { scope } = this.registry;
    const row = newRow({ id, scope }, fields, this.keys, { validation, now });
    await this.db.transaction().execute(async (trx) => {
      const inserted = await trx
        .insertInto('connections')
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      if (inserted.numInsertedOrUpdatedRows !== 1n) throw sameSender();
      const action = { scope, connectionId: id, action: 'created', by: author, at: now } as const;
      await recordAction(trx, { ...action, fields: namesOf(input) });
    });
    this.signals.connections.emit();
    return toStoredView(row, undefined);
  }

  /** The connection, also the configured one and the host's; `undefined` if there is none with this id. */
  async get(id: string): Promise<ConnectionView | undefined> {
    const row = await findStored(this.db, this.registry.scope, id);
    if (row !== undefined) return toStoredView(row, (await selectRotations(this.db, [id])).get(id));
    const connection = await this.registry.byId(id);
    return connection && toView(connection);
  }

  /**
   * The configured connection, then the stored ones in the order they were made. The host's own are not listed.
   *
   * @throws InvalidPageError (`INVALID_PAGE`) for another limit, or a cursor that no page gave.
   */
  async list(page: PageRequest = {}): Promise<ConnectionPage> {
    const limit = pageLimit(page.limit);
    const after = page.cursor === undefined ? undefined : idOfCursor(page.cursor);
    const head = after === undefined ? [toView(this.registry.default)] : [];
    const wanted = limit - head.length;
    const found = await selectConnections(this.db, this.registry.scope, { after, limit: wanted + 1 });
    const rows = found.slice(0, wanted);
    const rotations = await selectRotations(
      this.db,
      rows.map(({ id }) => id),
    );
    const last = rows.at(-1)?.id ?? FIRST_ID;
    return {
      connections: [...head, ...rows.map((row) => toStoredView(row, rotations.get(row.id)))],
      ...(found.length > rows.length && { nextCursor: encodeCursor(last) }),
    };
  }

  /**
   * Changes a stored connection. New credentials and senders are tried at Twilio first; a new token replaces the old one at
   * once, so tokens in use are better rotated (`ConnectionRotations`).
   *
   * @throws as `create()`, and ConnectionNotFoundError (`CONNECTION_NOT_FOUND`), ConnectionNotStoredError
   * (`CONNECTION_NOT_STORED`), ConnectionChangedError (`CONNECTION_CHANGED`), RotationUnderWayError
   * (`ROTATION_UNDER_WAY`).
   */
  async update(id: string, change: ConnectionChange, by: Authorship): Promise<ConnectionView> {
    const author = checkAuthorship(by);
    const fields = this.check(change, []);
    if (fields.accountSid !== undefined) {
      const message = 'accountSid cannot be changed: another account is another connection.';
      throw new InvalidConnectionError([{ field: 'accountSid', code: 'invalid', message }]);
    }
    const row = await requireStored(this.db, this.registry, id);
    const rotation = (await selectRotations(this.db, [id])).get(id);
    if (fields.authTokens !== undefined && rotation?.finished_at === null) throw new RotationUnderWayError();
    const isTried = ofCredentials.some((name) => fields[name] !== undefined);
    const validation = isTried ? await this.trials.accept(changedConnection(row, fields, this.keys)) : undefined;

    const now = this.runtime.clock.now();
    const next = await this.refusingSameSender(() =>
      this.db.transaction().execute(async (trx) => {
        const written = await writeConnection(trx, row, changeOf(fields, { validation, now }), this.keys);
        const action = { scope: row.scope, connectionId: id, action: 'updated', by: author, at: now } as const;
        await recordAction(trx, { ...action, fields: namesOf(change) });
        return written;
      }),
    );
    this.signals.connections.emit();
    return toStoredView(next, rotation);
  }

  /**
   * Removes a stored connection with its secrets. Its messages and its audit trail stay; what is still to be sent fails.
   *
   * @throws ConnectionNotFoundError (`CONNECTION_NOT_FOUND`), ConnectionNotStoredError (`CONNECTION_NOT_STORED`).
   */
  async remove(id: string, by: Authorship): Promise<void> {
    const author = checkAuthorship(by);
    const { scope } = await requireStored(this.db, this.registry, id);
    await this.db.transaction().execute(async (trx) => {
      await findConnection(trx, scope, id);
      await trx.deleteFrom('connection_rotations').where('connection_id', '=', id).execute();
      await trx.deleteFrom('connections').where('id', '=', id).execute();
      await recordAction(trx, { scope, connectionId: id, action: 'removed', by: author, at: this.runtime.clock.now() });
    });
    this.signals.connections.emit();
  }

  /**
   * Asks Twilio whether it still accepts the connection; the answer is kept with a stored one. Changes nothing else.
   *
   * @throws ConnectionNotFoundError (`CONNECTION_NOT_FOUND`).
   */
  async validate(id: string, by: Authorship): Promise<ConnectionValidation> {
    const author = checkAuthorship(by);
    const row = await findStored(this.db, this.registry.scope, id);
    const connection = row === undefined ? await this.registry.byId(id) : toConnection(row, this.keys);
    if (connection === undefined) throw new ConnectionNotFoundError();
    const validation = await this.trials.validate(connection);
    if (row !== undefined) {
      const at = this.runtime.clock.now();
      await this.db.transaction().execute(async (trx) => {
        const fresh = await lockConnection(trx, row.scope, id);
        if (fresh === undefined) return;
        await writeConnection(trx, fresh, { facts: { validation: JSON.stringify(validation) } }, this.keys);
        await recordAction(trx, { scope: row.scope, connectionId: id, action: 'validated', by: author, at });
      });
    }
    return validation;
  }

  /**
   * What was done to the connections, the last first: to one of them, or to all.
   *
   * @throws InvalidPageError (`INVALID_PAGE`).
   */
  async events({
    connectionId,
    ...page
  }: PageRequest & { readonly connectionId?: string } = {}): Promise<ConnectionEventPage> {
    const limit = pageLimit(page.limit);
    const before = page.cursor === undefined ? undefined : Number(decodeCursor(page.cursor, SEQ)[0]);
    const found = await selectEvents(this.db, this.registry.scope, { connectionId, before, limit: limit + 1 });
    const rows = found.slice(0, limit);
    return {
      events: rows.map(toConnectionEvent),
      ...(found.length > limit && { nextCursor: encodeCursor(String(rows.at(-1)!.seq)) }),
    };
  }

  private check(input: unknown, required: readonly (keyof ConnectionFields)[]): CheckedFields {
    const checked = checkConnection(input, required);
    if (!checked.ok) throw new InvalidConnectionError(checked.errors);
    if (checked.fields.authTokens !== undefined && checked.fields.authTokens.length !== 1) {
      const message = 'authToken must be one token, the primary one. A rotation takes a new one in.';
      throw new InvalidConnectionError([{ field: 'authToken', code: 'invalid', message }]);
    }
    return checked.fields;
  }

  private async refusingSameSender<Result>(write: () => Promise<Result>): Promise<Result> {
    try {
      return await write();
    } catch (error) {
      const { code = '' } = error as { code?: string };
      throw code === '23505' || code.startsWith('SQLITE_CONSTRAINT') ? sameSender() : error;
    }
  }
}

/** Before every id. */
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

/** The place of an event in the audit trail. */
const SEQ = /^[1-9]\d{0,14}$/;

/** The fields that are given: their names alone are kept. */
function namesOf(given: object): string[] {
  return Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [name]));
}

function sameSender(): ConnectionConflictError {
  return new ConnectionConflictError(
    'Another connection has this account and the same sender or service. Give each connection of an account its own ' +
      'fromNumber or messagingServiceSid.',
  );
}
