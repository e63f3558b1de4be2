import type { Accounts } from './accounts/accounts';
import type { FaultPlan } from './faults/fault-plan';
import type { Journal } from './journal';
import type { MessageStore } from './message-store';
import type { MovableClock } from './offset-clock';
import type { Users } from './phone/users';
import type { SeededRandom } from './random';
import type { WebhookSender } from './webhooks/webhook-sender';
import type { Work } from './work';

/** How long the steps of a delivery take, in milliseconds, each counted from the one before. */
export interface StatusDelays {
  readonly queued: number;
  readonly sent: number;
  readonly delivered: number;
  readonly read: number;
}

/** What all parts of one emulator share. */
export interface Core {
  readonly clock: MovableClock;
  /** What names things: SIDs and tokens. */
  readonly random: SeededRandom;
  /**
   * Everything else that is left to chance, such as request ids and the order of parameters. Apart, so that SIDs repeat
   * for a seed whatever webhooks were under way between them.
   */
  readonly noise: SeededRandom;
  readonly accounts: Accounts;
  readonly journal: Journal;
  readonly messages: MessageStore;
  readonly users: Users;
  readonly faults: FaultPlan;
  readonly work: Work;
  readonly webhooks: WebhookSender;
  readonly statusDelays: StatusDelays;
  readonly enforceWindow: boolean;
  /** Signs the addresses of media. */
  readonly mediaSecret: string;
  /** How long media are not there yet after their message came, in milliseconds. */
  readonly mediaDelayMs: number;
  /** Aborts when the emulator stops. */
  readonly stopping: AbortSignal;
  /** The emulator's own origin, once it listens. */
  url: string;
}
