import type { Account } from './accounts/account';
import type { ApiKey } from './accounts/api-key';
import {
  addAccount,
  addApiKey,
  addSender,
  addSandbox,
  addService,
  unusedSender,
  type NewApiKey,
  type NewMessagingService,
} from './accounts/provision';
import { addContent, type NewContent, setApproval } from './accounts/provision-content';
import type { Sender, SenderWebhook } from './accounts/sender';
import type { Core } from './core';
import type { Message } from './message';
import type { Phone } from './phone/phone';
import type { Phones } from './phone/phones';
import type { UserOptions } from './phone/users';
import { type RequestClientClass, twilioRequestClient } from './request-client';
import type { ApprovalStatus } from './rules/approval';

export interface TwilioAccountOptions {
  /** Default: made up. */
  readonly accountSid?: string;
  /** Default: made up. */
  readonly authToken?: string;
  readonly friendlyName?: string;
  /** Default `Full`. */
  readonly type?: 'Full' | 'Trial';
  /** WhatsApp senders, `whatsapp:+…`. Default: one that no other account has. */
  readonly senders?: readonly string[];
  /** Where inbound messages to its senders go; `webhook()` sets more. */
  readonly webhookUrl?: string;
}

/**
 * One account of the local Twilio, as a test drives it.
 *
 * @example
 * const tenant = twilio.subaccount({ senders: ['whatsapp:+15550007000'], webhookUrl });
 * await tenant.phone('+15551230001').sends('hi');
 */
export class TwilioAccount {
  readonly #account: Account;

  constructor(
    protected readonly core: Core,
    protected readonly phones: Phones,
    account: Account,
  ) {
    this.#account = account;
  }

  get accountSid(): string {
    return this.#account.sid;
  }

  /** The primary token: it authenticates REST calls and signs webhooks. */
  get authToken(): string {
    return this.#account.authToken;
  }

  /** The origin of everything: REST, phone page and control. */
  get url(): string {
    return this.core.url;
  }

  /** The token that was made to replace the primary one, while there is one. */
  get secondaryToken(): string | undefined {
    return this.#account.secondary?.token;
  }

  /** The address of its first sender. @throws RangeError when it has none. */
  get sender(): string {
    return this.#sender().address;
  }

  /** The addresses of all its senders. */
  get senders(): readonly string[] {
    return [...this.#account.senders.keys()];
  }

  /** Its messages, oldest first. */
  get messages(): readonly Message[] {
    return this.core.messages.candidates({ accountSid: this.#account.sid }).messages();
  }

  /** Sets where webhooks go: those of one sender, or of all that it has. */
  webhook(webhook: SenderWebhook, sender?: string): void {
    const senders = sender === undefined ? this.#account.senders.values() : [this.#sender(sender)];
    for (const entry of senders) entry.webhook = webhook;
  }

  /** Adds a sender (`whatsapp:+…`). @throws RangeError for what is none, and for one that an account has already. */
  addSender(address: string, webhook?: SenderWebhook): void {
    addSender(this.core, this.#account, address, webhook);
  }

  /** Adds an API key; by default one that may do all but read accounts and keys. */
  apiKey(options?: NewApiKey): ApiKey {
    const { sid, secret } = addApiKey(this.core, this.#account, options);
    return { sid, secret };
  }

  /** Adds a Messaging Service and returns its SID (`MG…`). */
  messagingService(options?: NewMessagingService): string {
    return addService(this.core, this.#account, options).sid;
  }

  /** Adds a subaccount with tokens and senders of its own. */
  subaccount(options?: TwilioAccountOptions): TwilioAccount {
    return createAccount(this.core, this.phones, options, this.#account);
  }

  /**
   * The chat of a user with one of its senders, by default the first. The same addresses give the same phone.
   *
   * @throws RangeError for what is neither a number (`+15551230001`) nor a business-scoped id.
   */
  phone(address: string, options?: UserOptions & { readonly sender?: string }): Phone {
    return this.phones.of(address, this.#account, this.#sender(options?.sender), options);
  }

  /** Registers a content template and returns its SID (`HX…`). Only this account may use it. */
  content(template: NewContent): string {
    return addContent(this.core, this.#account, template).sid;
  }

  /** Says what WhatsApp thinks of a template. @throws RangeError when the account has no such template. */
  approval(contentSid: string, status: ApprovalStatus, rejectionReason = ''): void {
    const template = this.#account.contents.get(contentSid);
    if (!template) throw new RangeError(`Account ${this.#account.sid} has no template ${contentSid}`);
    setApproval(this.core, template, status, rejectionReason);
  }

  /**
   * Adds Twilio's shared sandbox number, which users have to join: `phone.sends('join local-twilio')`. The same phone is
   * then `phone(address, { sender: 'whatsapp:+14155238886' })`.
   */
  sandbox({ code = 'local-twilio', ...webhook }: Partial<SenderWebhook> & { readonly code?: string } = {}): string {
    return addSandbox(this.core, this.#account, code, webhook).address;
  }

  /** Where alerts are posted, as Twilio's debugger does; `undefined` for nowhere. */
  debuggerWebhook(url: string | undefined): void {
    this.#account.debuggerWebhook = url;
  }

  /**
   * An HTTP client for the official `twilio` package that sends here: `twilio(accountSid, authToken, { httpClient:
   * account.requestClient(twilio.RequestClient) })`.
   */
  requestClient<RequestClient extends RequestClientClass>(
    Base: RequestClient,
    ...options: ConstructorParameters<RequestClient>
  ): InstanceType<RequestClient> {
    return twilioRequestClient(Base, this.core.url, ...options);
  }

  /** Its REST calls, and those of its subaccounts, are refused (20005), and what is on its way fails (30002). */
  suspend(): void {
    this.#account.status = 'suspended';
  }

  activate(): void {
    this.#account.status = 'active';
  }

  /** For good: its credentials are refused (20003). */
  close(): void {
    this.#account.status = 'closed';
  }

  /** Replaces the token: the old one is refused at once, the new one, which is returned, signs from now on. */
  changeToken(token: string = this.core.random.hex(32)): string {
    this.#account.authToken = token;
    return token;
  }

  #sender(address?: string): Sender {
    const { senders } = this.#account;
    const [first] = senders.values();
    const sender = address === undefined ? first : senders.get(address);
    if (!sender) throw new RangeError(`Account ${this.#account.sid} has no sender ${address ?? 'yet'}`);
    return sender;
  }
}

/** Adds an account, a subaccount of `parent` where there is one. @throws RangeError for what is no SID or sender. */
export function createAccount(
  core: Core,
  phones: Phones,
  options: TwilioAccountOptions = {},
  parent?: Account,
): TwilioAccount {
  const account = addAccount(core, { ...options, sid: options.accountSid, parent });
  const webhook = options.webhookUrl === undefined ? {} : { url: options.webhookUrl };
  for (const address of options.senders ?? [unusedSender(core)]) addSender(core, account, address, webhook);
  return new TwilioAccount(core, phones, account);
}
