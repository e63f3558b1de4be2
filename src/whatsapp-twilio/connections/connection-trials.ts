import { Inject, Injectable } from '@nestjs/common';
import type { Runtime } from '../runtime';
import { RUNTIME } from '../tokens';
import type { Connection } from './connection';
import { ConnectionRefusedError, TwilioNotAskedError } from './connections.errors';
import { type ConnectionValidation, probeConnection } from './probe-connection';
import { TwilioClients } from './twilio-clients';

/** Tries connections at Twilio: what does not work must not take the place of what does. */
@Injectable()
export class ConnectionTrials {
  constructor(
    @Inject(RUNTIME) private readonly runtime: Runtime,
    private readonly clients: TwilioClients,
  ) {}

  /** What Twilio says of the connection, with its token or another. */
  validate(connection: Connection, token?: string): Promise<ConnectionValidation> {
    return probeConnection(connection, this.clients.probe(connection, token), () => this.runtime.clock.now());
  }

  /**
   * As `validate()`, of a connection that Twilio takes.
   *
   * @throws ConnectionRefusedError (`CONNECTION_REFUSED`), TwilioNotAskedError (`TWILIO_UNREACHABLE`).
   */
  async accept(connection: Connection, token?: string): Promise<ConnectionValidation> {
    const validation = await this.validate(connection, token);
    const refusals = validation.problems.filter(({ code }) => code !== 'unreachable');
    if (refusals.length > 0) throw new ConnectionRefusedError(refusals);
    if (!validation.valid) throw new TwilioNotAskedError(validation.error ?? '');
    return validation;
  }
}
