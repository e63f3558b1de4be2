import type { EventEmitter } from 'node:events';
import { type Clock, systemClock } from '../common/clock';
import { parseAddress } from '../whatsapp-twilio/messages/address';
import { Account, type ApiKey, type SenderWebhook } from './account';
import type { ContentTemplate } from './content';
import { Control } from './control/control';
import type { Core, StatusDelays } from './core';
import { Delivery } from './delivery';
import { FaultPlan, type Faults } from './faults';
import { type Alert, type EmulatorEvents, Journal, type LoggedRequest } from './journal';
import type { Message } from './message';
import { MessageStore } from './message-store';
import { Inboxes } from './phone/inbox';
import { Phone } from './phone/phone';
import { Users, type UserOptions } from './phone/users';
import { SeededRandom } from './random';
import { RestApi } from './rest/rest-api';
import { RestEndpoint } from './rest/rest-endpoint';
import { Server } from './server';
import { Inbound } from './webhooks/inbound';
import { WebhookSender } from './webhooks/webhook-sender';
import { Work } from './work';

export interface TwilioEmulatorOptions {
  /** Default 0: any free port. */
  readonly port?: number;
  /** The address to listen on. Default `127.0.0.1`: nobody else can reach it. */
  readonly host?: string;
  /** Default: made up. */
  readonly accountSid?: string;
  /** Default: made up. */
  readonly authToken?: string;
  /** API keys that REST calls may use in place of the token. */
  readonly apiKeys?: readonly ApiKey[];
  /** The WhatsApp sender. Default `whatsapp:+15550006789`. */
  readonly sender?: string;
  /** A Messaging Service (`MG…`) that has the sender in its pool. Default: none. */
  readonly messagingServiceSid?: string;
  /** Where inbound messages go; `webhook()` sets it later. */
  readonly webhookUrl?: string;
  /** Milliseconds for each step of a delivery, or for all alike. Default: 50 to `sent`, 100 to `delivered`, 250 to `read`. */
  readonly statusDelayMs?: number | Partial<StatusDelays>;
  /** Whether users let others see what they read. Default `true`. */
  readonly readReceipts?: boolean;
  /** Whether free-form messages fail (63016) to someone who has not written for 24 hours. Default `true`. */
  readonly enforceWindow?: boolean;
  /** Repeats every SID, token and order of parameters. Default: by chance. */
  readonly seed?: number;
  readonly clock?: Clock;
}

const DEFAULT_SENDER = 'whatsapp:+15550006789';
const DEFAULT_DELAYS: StatusDelays = { queued: 20, sent: 50, delivered: 100, read: 250 };

/**
 * Twilio on this machine: its REST API for WhatsApp messages, its signed webhooks and the phones of its users.
 *
 * @example
 * const twilio = await TwilioEmulator.start({ webhookUrl: 'http://127.0.0.1:3000/webhooks/whatsapp/twilio' });
 * const phone = twilio.phone('+15551230001', { profileName: 'Ana' });
 * await phone.sends('hi');
 * await phone.receives(/hello/i);
 * await twilio.stop();
 */
export class TwilioEmulator {
  readonly #phones = new Map<string, Phone>();
  readonly #inboxes = new Inboxes();

  private constructor(
    private readonly core: Core,
    private readonly delivery: Delivery,
    private readonly inbound: Inbound,
    private readonly server: Server,
    private readonly stopping: AbortController,
  ) {
    core.journal.events.on('arrival', (message) => this.#inboxes.of(message.user).arrive(message));
  }

  /**
   * Starts it and resolves when it listens.
   *
   * @throws RangeError for an option that is no address or SID, and what `listen` throws when the port is taken.
   */
  static async start(options: TwilioEmulatorOptions = {}): Promise<TwilioEmulator> {
    const stopping = new AbortController();
    const core = createCore(options, stopping.signal);
    const delivery = new Delivery(core);
    const inbound = new Inbound(core, delivery);
    const control = new Control(core, (address, user) => emulator.phone(address, user));
    const server = new Server(new RestEndpoint(core, new RestApi(core, delivery)), control);
    const emulator = new TwilioEmulator(core, delivery, inbound, server, stopping);
    core.url = await server.listen(options.port ?? 0, options.host ?? '127.0.0.1');
    return emulator;
  }

  /** The origin of everything: REST, phone page and control. */
  get url(): string {
    return this.core.url;
  }

  get accountSid(): string {
    return this.core.account.sid;
  }

  /** The primary token: it authenticates REST calls and signs webhooks. */
  get authToken(): string {
    return this.core.account.authToken;
  }

  /** `whatsapp:+15550006789` */
  get sender(): string {
    return this.core.account.sender;
  }

  /** Every message of the account, oldest first. */
  get messages(): readonly Message[] {
    return this.core.messages.all();
  }

  /** The last REST calls and webhooks, oldest first. */
  get requests(): readonly LoggedRequest[] {
    return this.core.journal.requests;
  }

  /** What Twilio's debugger would show, oldest first. */
  get alerts(): readonly Alert[] {
    return this.core.journal.alerts;
  }

  get events(): EventEmitter<EmulatorEvents> {
    return this.core.journal.events;
  }

  /** Sets where the sender's webhooks go. */
  webhook(webhook: SenderWebhook): void {
    this.core.account.webhook = webhook;
  }

  /**
   * The phone of a user, by number (`+15551230001`) or, for one who hides it, by business-scoped id. The same address
   * gives the same phone.
   *
   * @throws RangeError for what is neither.
   */
  phone(address: string, options?: UserOptions): Phone {
    const parsed = parseAddress(address);
    if (!parsed) throw new RangeError(`Not a phone number or business-scoped user id: ${JSON.stringify(address)}`);
    const user = this.core.users.obtain(parsed, options);
    let phone = this.#phones.get(user.id);
    if (!phone) {
      phone = new Phone(this.core, this.delivery, this.inbound, this.#inboxes.of(user), user);
      this.#phones.set(user.id, phone);
    }
    return phone;
  }

  /** Registers a content template and returns its SID (`HX…`). */
  content(template: Omit<ContentTemplate, 'sid'> & { readonly sid?: string }): string {
    const sid = template.sid ?? this.core.random.sid('HX');
    this.core.contents.set(sid, { ...template, sid });
    return sid;
  }

  /** Makes things go wrong from now on; `faults({})` makes all well again. */
  faults(faults: Faults): void {
    this.core.faults.set(faults);
  }

  /** Suspends the account: its REST calls are refused (20005), and what is on its way fails (30002). */
  suspend(): void {
    this.core.account.status = 'suspended';
  }

  activate(): void {
    this.core.account.status = 'active';
  }

  /** Replaces the token: the old one is refused at once, the new one, which is returned, signs from now on. */
  changeToken(token: string = this.core.random.hex(32)): string {
    this.core.account.authToken = token;
    return token;
  }

  /**
   * Resolves when every webhook that is due has been answered and, where the time is the system's, every message has
   * gone as far as it will. Scheduled messages are not waited for.
   */
  settles(): Promise<void> {
    return this.core.work.settles();
  }

  /** Cuts everything off, and leaves nothing running. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.server.close();
    await this.core.work.stop();
    await this.core.webhooks.stop();
    this.core.journal.events.removeAllListeners();
  }
}

function createCore(options: TwilioEmulatorOptions, stopping: AbortSignal): Core {
  const clock = options.clock ?? systemClock;
  const random = new SeededRandom(options.seed);
  const account = createAccount(options, random, clock);
  const journal = new Journal(clock);
  const delay = options.statusDelayMs ?? {};
  return {
    clock,
    random,
    account,
    journal,
    messages: new MessageStore(clock, journal),
    users: new Users(options.readReceipts ?? true, journal),
    contents: new Map(),
    faults: new FaultPlan((faults) => journal.events.emit('faults', faults)),
    work: new Work(clock, clock === systemClock),
    webhooks: new WebhookSender(account, clock, random, journal, stopping),
    statusDelays:
      typeof delay === 'number'
        ? { queued: delay, sent: delay, delivered: delay, read: delay }
        : { ...DEFAULT_DELAYS, ...delay },
    enforceWindow: options.enforceWindow ?? true,
    stopping,
    url: '',
  };
}

function createAccount(options: TwilioEmulatorOptions, random: SeededRandom, clock: Clock): Account {
  const sid = options.accountSid ?? random.sid('AC');
  const sender = options.sender ?? DEFAULT_SENDER;
  if (!/^AC[0-9a-fA-F]{32}$/.test(sid)) throw new RangeError(`Not an account SID: ${JSON.stringify(sid)}`);
  if (!/^whatsapp:\+[1-9]\d{6,14}$/.test(sender)) {
    throw new RangeError(`Not a WhatsApp sender: ${JSON.stringify(sender)}. Write it as ${DEFAULT_SENDER}.`);
  }
  const account = new Account(
    sid,
    options.authToken ?? random.hex(32),
    sender,
    options.messagingServiceSid,
    random.sid('XE'),
    clock.now(),
    options.apiKeys ?? [],
  );
  if (options.webhookUrl !== undefined) account.webhook = { url: options.webhookUrl };
  return account;
}
