import type { EventEmitter } from 'node:events';
import { type Clock, systemClock } from '../common/clock';
import { Accounts } from './accounts/accounts';
import type { ApiKey } from './accounts/api-key';
import { addAccount, addApiKey, addSender, addService, DEFAULT_SENDER } from './accounts/provision';
import { Control } from './control/control';
import type { Core, StatusDelays } from './core';
import { Delivery } from './delivery';
import { FaultPlan } from './faults/fault-plan';
import type { Faults } from './faults/faults';
import { type Alert, type EmulatorEvents, Journal, type LoggedRequest } from './journal';
import { MediaHost } from './media-host';
import { MessageStore } from './message-store';
import { type MovableClock, OffsetClock } from './offset-clock';
import { Phones } from './phone/phones';
import { Users } from './phone/users';
import { SeededRandom } from './random';
import { RestApi } from './rest/rest-api';
import { RestEndpoint } from './rest/rest-endpoint';
import { Server } from './server';
import { createAccount, TwilioAccount, type TwilioAccountOptions } from './twilio-account';
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
  /** The WhatsApp sender, or several. Default `whatsapp:+15550006789`. */
  readonly sender?: string | readonly string[];
  /** A Messaging Service (`MG…`) that has the sender in its pool. Default: none. */
  readonly messagingServiceSid?: string;
  /** Where inbound messages go; `webhook()` sets it later. */
  readonly webhookUrl?: string;
  /** Where status callbacks go of messages that name no URL of their own. */
  readonly statusCallback?: string;
  /** Milliseconds for each step of a delivery, or for all alike. Default: 50 to `sent`, 100 to `delivered`, 250 to `read`. */
  readonly statusDelayMs?: number | Partial<StatusDelays>;
  /** Whether users let others see what they read. Default `true`. */
  readonly readReceipts?: boolean;
  /** Whether free-form messages fail (63016) to someone who has not written for 24 hours. Default `true`. */
  readonly enforceWindow?: boolean;
  /** How long the file of an inbound message is still answered with 404, in milliseconds. Default 0. */
  readonly mediaDelayMs?: number;
  /** Repeats every SID, token and order of parameters. Default: by chance. */
  readonly seed?: number;
  /** Default: the system's, which `clock.advance()` can move ahead. One that can be moved itself is moved by it. */
  readonly clock?: Clock;
  /** How much is remembered before the oldest is forgotten. Default: 100,000 messages and users, 1000 requests and alerts. */
  readonly keep?: { readonly messages?: number; readonly users?: number; readonly requests?: number };
}

const DEFAULT_DELAYS: StatusDelays = { queued: 20, sent: 50, delivered: 100, read: 250 };

/**
 * Twilio on this machine: its REST API for WhatsApp messages, its signed webhooks and the phones of its users. It is
 * also the first of its accounts; `account()` and `subaccount()` add others.
 *
 * @example
 * const twilio = await TwilioEmulator.start({ webhookUrl: 'http://127.0.0.1:3000/webhooks/whatsapp/twilio' });
 * const phone = twilio.phone('+15551230001', { profileName: 'Ana' });
 * await phone.sends('hi');
 * await phone.receives(/hello/i);
 * await twilio.stop();
 */
export class TwilioEmulator extends TwilioAccount {
  private constructor(
    core: Core,
    phones: Phones,
    private readonly servers: readonly (Server | MediaHost)[],
    private readonly stopping: AbortController,
  ) {
    super(core, phones, core.accounts.main);
  }

  /**
   * Starts it and resolves when it listens.
   *
   * @throws RangeError for an option that is no address or SID, and what `listen` throws when the port is taken.
   */
  static async start(options: TwilioEmulatorOptions = {}): Promise<TwilioEmulator> {
    const stopping = new AbortController();
    const core = createCore(options, stopping.signal);
    createMainAccount(core, options);
    const delivery = new Delivery(core);
    const media = new MediaHost(core);
    const phones = new Phones(core, delivery, new Inbound(core, delivery));
    const server = new Server(new RestEndpoint(core, new RestApi(core, delivery, media)), new Control(core, phones));
    const host = options.host ?? '127.0.0.1';
    core.url = await server.listen(options.port ?? 0, host);
    await media.listen(0, host);
    return new TwilioEmulator(core, phones, [server, media], stopping);
  }

  /** The last REST calls and webhooks of all accounts, oldest first. */
  get requests(): readonly LoggedRequest[] {
    return this.core.journal.requests;
  }

  /** What Twilio's debugger would show, oldest first. */
  get alerts(): readonly Alert[] {
    return this.core.journal.alerts;
  }

  /** The time here: for windows, schedules and the steps of a delivery. Webhooks under way keep to the time outside. */
  get clock(): MovableClock {
    return this.core.clock;
  }

  get events(): EventEmitter<EmulatorEvents> {
    return this.core.journal.events;
  }

  /** Adds an account of its own, which is nobody's subaccount. */
  account(options?: TwilioAccountOptions): TwilioAccount {
    return createAccount(this.core, this.phones, options);
  }

  /** Makes things go wrong from now on; `faults({})` makes all well again. @throws RangeError for what is no fault. */
  faults(faults: Faults): void {
    this.core.faults.set(faults);
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
    await Promise.all(this.servers.map((server) => server.close()));
    await this.core.work.stop();
    await this.core.webhooks.stop();
    this.core.journal.events.removeAllListeners();
  }
}

function createCore(options: TwilioEmulatorOptions, stopping: AbortSignal): Core {
  const wall = options.clock ?? systemClock;
  const clock = announced(isMovable(wall) ? wall : new OffsetClock(wall), (now) => journal.events.emit('clock', now));
  const random = new SeededRandom(options.seed);
  const noise = random.fork();
  const journal: Journal = new Journal(clock, noise, options.keep?.requests ?? 1000);
  const delay = options.statusDelayMs ?? {};
  return {
    clock,
    random,
    noise,
    accounts: new Accounts(),
    journal,
    messages: new MessageStore(clock, journal, options.keep?.messages ?? 100_000),
    users: new Users(options.readReceipts ?? true, journal, options.keep?.users ?? 100_000),
    faults: new FaultPlan(random.fork(), (faults) => journal.events.emit('faults', faults)),
    work: new Work(clock, wall === systemClock),
    webhooks: new WebhookSender(wall, noise, journal, stopping),
    statusDelays:
      typeof delay === 'number'
        ? { queued: delay, sent: delay, delivered: delay, read: delay }
        : { ...DEFAULT_DELAYS, ...delay },
    enforceWindow: options.enforceWindow ?? true,
    mediaSecret: random.hex(32),
    mediaDelayMs: options.mediaDelayMs ?? 0,
    stopping,
    url: '',
  };
}

/** Tells of each move. */
function announced(clock: MovableClock, moved: (now: number) => void): MovableClock {
  return {
    now: () => clock.now(),
    setTimeout: (callback, delayMs) => clock.setTimeout(callback, delayMs),
    advance(by) {
      clock.advance(by);
      moved(clock.now());
    },
  };
}

function isMovable(clock: Clock): clock is MovableClock {
  return 'advance' in clock;
}

function createMainAccount(core: Core, options: TwilioEmulatorOptions): void {
  const account = addAccount(core, { sid: options.accountSid, authToken: options.authToken });
  const { webhookUrl: url, statusCallback } = options;
  const webhook = {
    ...(url === undefined ? {} : { url }),
    ...(statusCallback === undefined ? {} : { statusCallback }),
  };
  for (const sender of [options.sender ?? DEFAULT_SENDER].flat()) addSender(core, account, sender, webhook);
  for (const key of options.apiKeys ?? []) addApiKey(core, account, key);
  if (options.messagingServiceSid !== undefined) addService(core, account, { sid: options.messagingServiceSid });
}
