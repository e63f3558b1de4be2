import type { Clock } from '../../common/clock';
import { Connection } from './connection';
import type { Addressee, ConnectionProvider, ProvidedConnection } from './connection-provider';
import { ConnectionLookupError, type ConnectionSource } from './connection-source';
import { readConnection } from './validate-connection';

/** Twilio gives a webhook 15 seconds; its fallback must still get its turn. */
const LIMIT_MS = 3000;

/** What the host's provider says, checked, within a time limit. */
export class ProvidedConnections implements ConnectionSource {
  constructor(
    private readonly provider: ConnectionProvider,
    private readonly clock: Clock,
  ) {}

  async byId(id: string): Promise<Connection | undefined> {
    const found = await this.ask(() => this.provider.findById(id));
    if (found === undefined) return undefined;
    if (found.id !== id) throw new ConnectionLookupError('the ConnectionProvider gave another one than was asked for.');
    return found;
  }

  async byAccount(accountSid: string, addressee: Addressee): Promise<Connection | undefined> {
    const found = await this.ask(() => this.provider.findByAccount(accountSid, addressee));
    if (found === undefined) return undefined;
    if (found.accountSid !== accountSid) {
      throw new ConnectionLookupError('the ConnectionProvider gave one of another account than was asked for.');
    }
    return found;
  }

  private async ask(
    question: () => ProvidedConnection | undefined | null | Promise<ProvidedConnection | undefined | null>,
  ): Promise<Connection | undefined> {
    let cancel: (() => void) | undefined;
    const limit = new Promise<never>((_, reject) => {
      const late = new ConnectionLookupError(`the ConnectionProvider did not answer within ${LIMIT_MS} ms.`);
      cancel = this.clock.setTimeout(() => reject(late), LIMIT_MS);
    });
    try {
      const answer = await Promise.race([Promise.resolve().then(question), limit]);
      return answer === undefined || answer === null ? undefined : toConnection(answer);
    } catch (error) {
      if (error instanceof ConnectionLookupError) throw error;
      throw new ConnectionLookupError('the ConnectionProvider threw.', error);
    } finally {
      cancel?.();
    }
  }
}

function toConnection(provided: ProvidedConnection): Connection {
  const read = readConnection(provided);
  if (!read.ok) {
    const problems = read.errors.map(({ message }) => message).join(' ');
    throw new ConnectionLookupError(`what the ConnectionProvider gave cannot be used: ${problems}`);
  }
  const { facts, secrets } = read;
  return new Connection(facts, secrets);
}
