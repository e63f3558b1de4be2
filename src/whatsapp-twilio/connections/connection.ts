import type { WhatsappTwilioSettings } from '../contract/validate-options';
import type { Address } from '../messages/address';
import type { TwilioApiKey } from '../whatsapp-twilio.options';

/** `managed` comes from the configuration, `byok` is brought by a customer: stored, or given by the host. */
export type ConnectionMode = 'managed' | 'byok';

/** A `disabled` one neither sends nor takes in, until it is active again. */
export type ConnectionState = 'active' | 'disabled';

export interface ConnectionLimits {
  /** Sends a minute for its Twilio account; what the module allows each account, unless given. */
  readonly rpm?: number;
}

/** Everything about a connection that is no secret. */
export interface ConnectionFacts {
  readonly id: string;
  readonly label?: string;
  readonly mode: ConnectionMode;
  readonly state: ConnectionState;
  readonly accountSid: string;
  /** The default sender. */
  readonly from?: Address;
  readonly messagingServiceSid?: string;
  readonly limits: ConnectionLimits;
  /** The rotation of its token that is under way. */
  readonly rotation?: ConnectionRotationFacts;
}

export interface ConnectionRotationFacts {
  readonly id: string;
  /** The place of the new token in `authTokens`. */
  readonly newToken: number;
  readonly confirmed: boolean;
}

export interface ConnectionSecrets {
  /** The tokens that a webhook may be signed with, the one that authenticates calls first. */
  readonly authTokens: readonly string[];
  readonly apiKey?: TwilioApiKey;
}

/** Basic authentication of a call to Twilio. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Who we send as, and whose token signs. It does not change: a change makes another. Printing it shows no secret. */
export class Connection implements ConnectionFacts {
  readonly id: string;
  readonly label?: string;
  readonly mode: ConnectionMode;
  readonly state: ConnectionState;
  readonly accountSid: string;
  readonly from?: Address;
  readonly messagingServiceSid?: string;
  readonly limits: ConnectionLimits;
  readonly rotation?: ConnectionRotationFacts;
  readonly #authTokens: readonly string[];
  readonly #apiKey?: TwilioApiKey;

  constructor(facts: ConnectionFacts, secrets: ConnectionSecrets) {
    this.id = facts.id;
    if (facts.label !== undefined) this.label = facts.label;
    this.mode = facts.mode;
    this.state = facts.state;
    this.accountSid = facts.accountSid;
    if (facts.from) this.from = facts.from;
    if (facts.messagingServiceSid !== undefined) this.messagingServiceSid = facts.messagingServiceSid;
    this.limits = facts.limits;
    if (facts.rotation) this.rotation = facts.rotation;
    this.#authTokens = [...secrets.authTokens];
    if (secrets.apiKey) this.#apiKey = secrets.apiKey;
  }

  /** The tokens that a webhook may be signed with. */
  get authTokens(): readonly string[] {
    return this.#authTokens;
  }

  /**
   * What may authenticate calls, the first choice first: the API key where there is one, else each token. While tokens are
   * rotated the first may be refused and the next taken.
   */
  get credentials(): readonly [Credentials, ...Credentials[]] {
    if (this.#apiKey) return [{ username: this.#apiKey.sid, password: this.#apiKey.secret }];
    return this.#authTokens.map((token) => ({ username: this.accountSid, password: token })) as [Credentials];
  }

  get usesApiKey(): boolean {
    return this.#apiKey !== undefined;
  }
}

/** The connection that the configuration describes. */
export function managedConnection(settings: WhatsappTwilioSettings): Connection {
  return new Connection(
    {
      id: settings.connectionId,
      mode: 'managed',
      state: 'active',
      accountSid: settings.accountSid,
      ...(settings.from && { from: settings.from }),
      ...(settings.messagingServiceSid && { messagingServiceSid: settings.messagingServiceSid }),
      limits: { rpm: settings.rateLimitRpm },
    },
    { authTokens: settings.authTokens, ...(settings.apiKey && { apiKey: settings.apiKey }) },
  );
}
