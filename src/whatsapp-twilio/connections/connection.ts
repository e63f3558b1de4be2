import type { WhatsappTwilioSettings } from '../contract/validate-options';
import type { Address } from '../messages/address';
import type { TwilioApiKey } from '../whatsapp-twilio.options';

/** Who we send as, and whose token signs. Printing or serialising one shows no secret. */
export class Connection {
  readonly id: string;
  readonly accountSid: string;
  /** The default sender. */
  readonly from?: Address;
  readonly messagingServiceSid?: string;
  readonly #authTokens: readonly string[];
  readonly #apiKey?: TwilioApiKey;

  constructor(settings: WhatsappTwilioSettings) {
    this.id = settings.connectionId;
    this.accountSid = settings.accountSid;
    if (settings.from) this.from = settings.from;
    if (settings.messagingServiceSid) this.messagingServiceSid = settings.messagingServiceSid;
    this.#authTokens = settings.authTokens;
    if (settings.apiKey) this.#apiKey = settings.apiKey;
  }

  /** The tokens that a webhook may be signed with, the primary first. */
  get authTokens(): readonly string[] {
    return this.#authTokens;
  }

  /** Basic authentication of REST calls: the API key where there is one, else the account and its primary token. */
  get credentials(): { readonly username: string; readonly password: string } {
    return this.#apiKey
      ? { username: this.#apiKey.sid, password: this.#apiKey.secret }
      : { username: this.accountSid, password: this.#authTokens[0]! };
  }

  get usesApiKey(): boolean {
    return this.#apiKey !== undefined;
  }
}
