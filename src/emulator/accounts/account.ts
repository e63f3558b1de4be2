import { timingSafeEqual } from 'node:crypto';
import type { ContentTemplate } from '../rules/content';
import type { TwimlApplication } from './application';
import type { StoredApiKey } from './api-key';
import type { MessagingService } from './messaging-service';
import type { Sender } from './sender';

export type AccountStatus = 'active' | 'suspended' | 'closed';

/** One Twilio account or subaccount, with all that is its own. Only its current primary token signs its webhooks. */
export class Account {
  /** Also authenticates REST calls, but signs nothing, until it is promoted. */
  secondary: { token: string; createdAt: number } | undefined;
  status: AccountStatus = 'active';
  updatedAt: number;
  /** Is told of every alert. */
  debuggerWebhook: string | undefined;
  readonly keys = new Map<string, StoredApiKey>();
  /** By address. */
  readonly senders = new Map<string, Sender>();
  readonly services = new Map<string, MessagingService>();
  readonly applications = new Map<string, TwimlApplication>();
  readonly contents = new Map<string, ContentTemplate>();

  constructor(
    readonly sid: string,
    /** The primary token. */
    public authToken: string,
    public friendlyName: string,
    readonly type: 'Full' | 'Trial',
    readonly createdAt: number,
    readonly parent?: Account,
  ) {
    this.updatedAt = createdAt;
  }

  /** A suspended parent suspends its subaccounts. */
  get isActive(): boolean {
    return this.status === 'active' && (this.parent?.isActive ?? true);
  }

  acceptsToken(token: string): boolean {
    const isSecondary = this.secondary !== undefined && equal(token, this.secondary.token);
    return equal(token, this.authToken) || isSecondary;
  }

  senderBySid(sid: string | undefined): Sender | undefined {
    return [...this.senders.values()].find((sender) => sender.sid === sid);
  }

  /** The service that has this sender in its pool. */
  serviceOf(sender: string): MessagingService | undefined {
    return [...this.services.values()].find(({ pool }) => pool.includes(sender));
  }
}

export function equal(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
