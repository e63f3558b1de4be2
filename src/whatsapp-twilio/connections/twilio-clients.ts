import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { WhatsappTwilioSettings } from '../contract/validate-options';
import { twilioAccountsBaseUrl, twilioApiBaseUrl } from '../contract/messaging.whatsapp.twilio';
import type { Runtime } from '../runtime';
import { RUNTIME, SETTINGS } from '../tokens';
import { AuthTokens } from '../twilio/auth-tokens';
import { TwilioClient } from '../twilio/twilio-client';
import { isTwilioError, type TwilioApiError } from '../twilio/twilio-errors';
import { createTwilioAgent } from '../twilio/twilio-transport';
import type { Connection, Credentials } from './connection';
import { ConnectionRegistry } from './connection-registry';
import { TwilioProbe } from './twilio-probe';

/** For all accounts together: what may be under way at the same time, and some more. */
const MOST_CONNECTIONS = 80;
/** A second try must end before the lease of the message does. */
const SECOND_TRY_WITHIN_MS = 5000;

/** Clients for connections. They share one pool of sockets, however many connections there are. */
@Injectable()
export class TwilioClients implements OnApplicationShutdown {
  readonly #agent = createTwilioAgent(MOST_CONNECTIONS);
  /** Forgotten with its connection, so that nothing grows and no old token is used. */
  readonly #clients = new WeakMap<Connection, Map<Credentials['password'], TwilioClient>>();
  /** Which of its credentials Twilio took last, where that was not the first. */
  readonly #preferred = new WeakMap<Connection, Credentials>();

  constructor(
    @Inject(SETTINGS) private readonly settings: WhatsappTwilioSettings,
    @Inject(RUNTIME) private readonly runtime: Runtime,
    private readonly connections: ConnectionRegistry,
  ) {}

  /** The client of a connection, with the credentials that Twilio took last. */
  of(connection: Connection): TwilioClient {
    return this.with(connection, this.#preferred.get(connection) ?? connection.credentials[0]);
  }

  /** A client for some credentials of an account, such as new ones that are to be tried. */
  with(connection: Connection, credentials: Credentials): TwilioClient {
    let clients = this.#clients.get(connection);
    if (clients === undefined) this.#clients.set(connection, (clients = new Map()));
    let client = clients.get(credentials.password);
    if (client === undefined) {
      client = new TwilioClient({ accountSid: connection.accountSid, ...credentials, ...this.#options });
      clients.set(credentials.password, client);
    }
    return client;
  }

  /** Questions about whether a connection works, with its token or another. */
  probe(connection: Connection, token?: string): TwilioProbe {
    return new TwilioProbe(connection, this.#options, token);
  }

  /** The auth tokens of an account, seen with one of them. */
  authTokens(accountSid: string, token: string): AuthTokens {
    const { baseUrl } = this.#options;
    return new AuthTokens({
      ...this.#options,
      accountSid,
      username: accountSid,
      password: token,
      baseUrl: baseUrl === twilioApiBaseUrl ? twilioAccountsBaseUrl : baseUrl,
    });
  }

  /**
   * Calls Twilio for a connection. When Twilio refuses its token (401), which means that nothing was done, the call is made
   * again with the next: at the moment of a promotion the old token is refused at once.
   */
  async call<Result>(connection: Connection, action: (client: TwilioClient) => Promise<Result>): Promise<Result> {
    const begun = this.runtime.clock.now();
    const first = this.of(connection);
    try {
      return await action(first);
    } catch (error) {
      if (!isRefusedToken(error) || this.runtime.clock.now() - begun > SECOND_TRY_WITHIN_MS) throw error;
      const current = (await this.connections.fresh(connection).catch(() => undefined)) ?? connection;
      for (const credentials of current.credentials) {
        const client = this.with(current, credentials);
        if (this.#isSame(first, connection, credentials)) continue;
        try {
          const result = await action(client);
          this.#preferred.set(current, credentials);
          return result;
        } catch (next) {
          if (!isRefusedToken(next)) throw next;
        }
      }
      throw error;
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#agent.close();
  }

  #isSame(client: TwilioClient, connection: Connection, { password }: Credentials): boolean {
    return this.#clients.get(connection)?.get(password) === client;
  }

  get #options() {
    return { baseUrl: this.settings.apiBaseUrl, clock: this.runtime.clock, dispatcher: this.#agent };
  }
}

/** Twilio knows the account, and not this token (any more). */
export function isRefusedToken(error: unknown): boolean {
  return isTwilioError(error) && error.code === 'TWILIO_AUTHENTICATION' && (error as TwilioApiError).httpStatus === 401;
}
