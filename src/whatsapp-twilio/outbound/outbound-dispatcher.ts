import { Inject, Injectable, Logger } from '@nestjs/common';
import { backoffMs } from '../../common/backoff';
import { type SendHappening, sendChannel } from '../../common/happenings';
import { inSpan } from '../../common/spans';
import { type Claim, WorkLoop } from '../../common/work-loop';
import { Connection } from '../connections/connection';
import { ConnectionRegistry } from '../connections/connection-registry';
import { isRefusedToken, TwilioClients } from '../connections/twilio-clients';
import type { WhatsappTwilioSettings } from '../contract/validate-options';
import { MessageJournal, type OutboxStep } from '../delivery/message-journal';
import { parseAddress } from '../messages/address';
import type { NormalizedContent } from '../messages/outbound-message';
import { toTwilioParams } from '../messages/to-twilio-params';
import type { Runtime } from '../runtime';
import type { Signals } from '../signals';
import type { Database } from '../storage/database';
import { logTrouble } from '../storage/log-trouble';
import { lookEveryMs } from '../storage/engine';
import type { OutboundRow } from '../storage/schema';
import { DATABASE, RUNTIME, SETTINGS, SIGNALS, WORKER_ID } from '../tokens';
import type { MessageError } from '../twilio/error-catalogue';
import type { MessageResource } from '../twilio/message-resource';
import {
  isTwilioError,
  type TwilioApiError,
  type TwilioConnectionError,
  type TwilioError,
} from '../twilio/twilio-errors';
import { AccountLimits } from './account-limits';
import { OutboundClaims, type OutboundWork } from './outbound-claims';
import { Pacing } from './pacing';
import { FIRST_LOOK_MS, Reconciler } from './reconciler';
import { Settlement } from './settlement';
import { WebhookUrls } from './webhook-urls';

/** Requests under way for all accounts together; each has a limit of its own. */
const REQUESTS_IN_FLIGHT = 64;
/** A claim older than this, as after a standstill of the process, may have been taken over: its request is not made. */
const STALE_CLAIM_MS = 5000;
/** A request without an answer for this long is probably lost: its place goes to another, and it is waited for beside. */
const LATE_ANSWER_MS = 2000;
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 300_000;
/** So often Twilio's `Retry-After` alone decides; after that the pause also grows. */
const TRIES_AS_ASKED = 5;
const SPREAD = 0.1;
/** A message that Twilio would still refuse for the moment after this long is given up. */
const RETRY_FOR_MS = 24 * 3_600_000;
const SECONDS = 1000;
/** When Twilio answered with an error its work on the request is over, and its list tells soon; */
const ANSWERED_SETTLE_MS = 2000;
/** likewise, a little later, when it ended the connection. */
const CUT_OFF_SETTLE_MS = 3000;

const connectionGone: MessageError = {
  code: 'CONNECTION_GONE',
  title: 'Its connection was removed before it was sent',
  retryable: false,
  action: 'fix-account',
  help: 'Add the connection again, then send the message with the new connectionId.',
};
const connectionDisabled: MessageError = {
  code: 'CONNECTION_DISABLED',
  title: 'Its connection was disabled before it was sent',
  retryable: false,
  action: 'fix-account',
  help: 'Set the state of the connection to active, then send the message again.',
};

/** Hands the outbox to Twilio: each message once. */
@Injectable()
export class OutboundDispatcher {
  private readonly logger = new Logger('WhatsappTwilio');
  private readonly loop: WorkLoop<OutboundWork>;
  private readonly claims: OutboundClaims;
  /** What is ours until it is recorded how it ended, by id. */
  private readonly held = new Set<string>();
  private isClaimLost = false;

  constructor(
    @Inject(SETTINGS) private readonly settings: WhatsappTwilioSettings,
    @Inject(DATABASE) db: Database,
    @Inject(RUNTIME) private readonly runtime: Runtime,
    @Inject(SIGNALS) private readonly signals: Signals,
    @Inject(WORKER_ID) owner: string,
    journal: MessageJournal,
    limits: AccountLimits,
    private readonly connections: ConnectionRegistry,
    private readonly clients: TwilioClients,
    private readonly pacing: Pacing,
    private readonly settlement: Settlement,
    private readonly reconciler: Reconciler,
    private readonly urls: WebhookUrls,
  ) {
    const share = { scope: connections.scope, limits, owner };
    this.claims = new OutboundClaims(db, journal, runtime, pacing, share);
    this.loop = new WorkLoop({
      clock: runtime.clock,
      concurrency: REQUESTS_IN_FLIGHT,
      lookEveryMs: lookEveryMs(db),
      claim: (limit) => this.claim(limit),
      run: (work) => this.run(work),
      onError: logTrouble(this.logger, 'The outbox cannot go on for the moment.'),
    });
    signals.outbox.on(() => this.loop.wake());
  }

  start(): void {
    this.loop.start();
  }

  /** Claims nothing more; resolves once the requests under way are answered, or after the limit. */
  stop(): Promise<void> {
    return this.loop.stop();
  }

  private async claim(limit: number): Promise<Claim<OutboundWork>> {
    if (this.isClaimLost) await this.claims.releaseAllBut(this.held);
    this.isClaimLost = true; // until its answer is here
    const claim = await this.claims.claim(limit);
    this.isClaimLost = false;
    for (const { kind, row } of claim.items) {
      this.held.add(row.id);
      if (kind === 'send') this.pacing.began(row.account_sid);
    }
    if (claim.changed) this.signals.statuses.emit();
    return claim;
  }

  private async run({ kind, row }: OutboundWork): Promise<void> {
    try {
      const found = await this.lookUp(row);
      if (found instanceof Connection) {
        await (kind === 'send' ? this.send(found, row) : this.reconciler.reconcile(found, row));
      } else {
        if (kind === 'send') this.pacing.ended(row.account_sid);
        await this.settlement.step(row, kind === 'send' ? found.ifUnsent : found.ifUnknown);
      }
    } finally {
      this.held.delete(row.id);
    }
    this.signals.statuses.emit();
    this.signals.outbox.emit(); // its conversation may go on
  }

  /** For whoever watches this process. */
  private tell(
    { id, connection_id }: OutboundRow,
    began: number,
    outcome: Pick<SendHappening, 'result' | 'code' | 'sid'>,
  ) {
    if (!sendChannel.hasSubscribers) return;
    const durationMs = this.runtime.clock.now() - began;
    sendChannel.publish({ messageId: id, connectionId: connection_id, ...outcome, durationMs } satisfies SendHappening);
  }

  /** The connection that sends the message; what becomes of it without one. */
  private async lookUp(
    row: OutboundRow,
  ): Promise<Connection | { readonly ifUnsent: OutboxStep; readonly ifUnknown: OutboxStep }> {
    try {
      const connection = await this.connections.byId(row.connection_id);
      if (connection?.state === 'active') return connection;
      const error = connection === undefined ? connectionGone : connectionDisabled;
      this.logger.warn(`Message ${row.id}: ${error.title}.`);
      return {
        ifUnsent: { status: 'failed', dueAt: null, error },
        ifUnknown: { status: 'unknown', dueAt: null, error },
      };
    } catch (error) {
      this.logger.warn(`Message ${row.id}: ${(error as Error).message}`);
      const dueAt = this.runtime.clock.now() + this.pauseAfter(row);
      return {
        ifUnsent: { status: 'queued', dueAt, waiting: 'retry' },
        ifUnknown: { status: 'unknown', dueAt, waiting: 'reconcile' },
      };
    }
  }

  /** For as long as Twilio asked, a little spread; longer than that only when it goes on refusing. */
  private pauseAfter({ attempts }: OutboundRow, askedMs = 0): number {
    const { random } = this.runtime;
    if (askedMs > 0 && attempts <= TRIES_AS_ASKED) return Math.round(askedMs * (1 + SPREAD * random()));
    return Math.max(askedMs, backoffMs(attempts, FIRST_RETRY_MS, LONGEST_RETRY_MS, random));
  }

  private async send(connection: Connection, row: OutboundRow): Promise<void> {
    const now = this.runtime.clock.now();
    const isStale = now - row.attempted_at! > STALE_CLAIM_MS;
    const giveBackPlace = this.takenPlace(row.account_sid);
    let resource: MessageResource | undefined;
    try {
      const params = this.paramsOf(row);
      if (!isStale) resource = await this.create(connection, row, params);
    } catch (error) {
      if (!isTwilioError(error)) throw error;
      this.logger.warn(`Message ${row.id}: ${error.message}`);
      const step = this.afterFailure(connection, row, error);
      this.tell(row, now, { result: resultOf(step), code: step.error?.code });
      return await this.settlement.step(row, step);
    } finally {
      giveBackPlace(); // before the answer is stored
    }
    if (resource === undefined) return this.settlement.step(row, { status: 'queued', dueAt: now });
    this.pacing.succeeded(row.account_sid);
    this.tell(row, now, { result: 'accepted', sid: resource.sid });
    await this.settlement.taken(row, resource);
  }

  private create(connection: Connection, row: OutboundRow, params: URLSearchParams): Promise<MessageResource> {
    const attributes = { 'whatsapp.message.id': row.id, 'whatsapp.connection.id': row.connection_id };
    return inSpan('whatsapp.send', { kind: 'client', parent: row.trace, attributes }, async (annotate) => {
      const resource = await this.clients.call(connection, (client) => client.createMessage(params));
      annotate({ 'whatsapp.message.sid': resource.sid });
      return resource;
    });
  }

  /** Gives the place back when it is told to, or when the answer is late. */
  private takenPlace(accountSid: string): () => void {
    let isTaken = true;
    const giveBack = () => {
      if (!isTaken) return;
      isTaken = false;
      cancel();
      this.pacing.ended(accountSid);
      this.loop.wake();
    };
    const cancel = this.runtime.clock.setTimeout(giveBack, LATE_ANSWER_MS);
    return giveBack;
  }

  private paramsOf(row: OutboundRow): URLSearchParams {
    const statusCallback = this.urls.statusCallback(row.connection_id, row.id);
    const from = row.from_address === null ? undefined : parseAddress(row.from_address);
    const left = row.expires_at === null ? undefined : row.expires_at - this.runtime.clock.now();
    return toTwilioParams({
      to: parseAddress(row.to_address)!,
      content: JSON.parse(row.content) as NormalizedContent,
      ...(from && { from }),
      ...(row.messaging_service_sid !== null && { messagingServiceSid: row.messaging_service_sid }),
      ...(statusCallback !== undefined && { statusCallback }),
      ...(left !== undefined && { validityPeriodSeconds: Math.max(1, Math.ceil(left / SECONDS)) }),
    });
  }

  private afterFailure(connection: Connection, row: OutboundRow, error: TwilioError): OutboxStep {
    const now = this.runtime.clock.now();
    const messageError = error.toMessageError();
    if (error.outcome === 'unknown') {
      return {
        status: 'unknown',
        dueAt: now + FIRST_LOOK_MS,
        unknownSince: now,
        settledAt: now + Math.min(settleAfterMs(error), this.settings.reconciliation.settleAfterMs),
        waiting: 'reconcile',
        error: messageError,
      };
    }
    const tooOld = now - Math.max(row.created_at, row.send_at ?? 0) >= RETRY_FOR_MS;
    // While tokens are rotated, one that is refused says little of the next try.
    const isRotating = isRefusedToken(error) && connection.credentials.length > 1;
    if (!(error.retryable || isRotating) || tooOld) return { status: 'failed', dueAt: null, error: messageError };
    const retryAt = now + this.pauseAfter(row, (error as Partial<TwilioApiError>).retryAfterMs);
    if (error.code === 'TWILIO_RATE_LIMITED') this.pacing.refused(row.account_sid, retryAt);
    // What expires before its next try does so on time.
    const dueAt = Math.min(retryAt, row.expires_at ?? Infinity);
    return { status: 'queued', dueAt, waiting: 'retry', error: messageError };
  }
}

/** After which time a message that Twilio does not list was not taken, judged by how the request ended. */
function settleAfterMs(error: TwilioError): number {
  if (error.code !== 'TWILIO_CONNECTION') return ANSWERED_SETTLE_MS;
  const { reason } = error as TwilioConnectionError;
  // Nobody has said that it is over: Twilio may still be working on it.
  if (reason === 'TIMEOUT' || reason === 'ABORTED') return Infinity;
  return CUT_OFF_SETTLE_MS;
}

function resultOf({ status }: OutboxStep): SendHappening['result'] {
  if (status === 'unknown' || status === 'failed') return status;
  return 'retry';
}
