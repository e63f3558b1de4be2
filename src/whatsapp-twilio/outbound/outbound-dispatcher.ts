import { Inject, Injectable, Logger } from '@nestjs/common';
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
import { isTwilioError, type TwilioError } from '../twilio/twilio-errors';
import { AccountLimits } from './account-limits';
import { isOver, onTime, pauseAfter, stepAfter } from './failed-request';
import { OutboundClaims, type OutboundSend, type OutboundWork } from './outbound-claims';
import { Pacing, type Place } from './pacing';
import { Reconciler } from './reconciler';
import { Arrivals, latestArrival } from './send-slots';
import { Settlement } from './settlement';
import { WebhookUrls } from './webhook-urls';

/** Requests under way for all accounts together; each has a limit of its own. */
const REQUESTS_IN_FLIGHT = 64;
/** A claim older than this, as after a standstill of the process, may have been taken over: its request is not made. */
const STALE_CLAIM_MS = 5000;
const SECONDS = 1000;

type Work = (OutboundSend & { readonly place: Place }) | Exclude<OutboundWork, OutboundSend>;

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
  private readonly loop: WorkLoop<Work>;
  private readonly claims: OutboundClaims;
  /** What is ours until it is recorded how it ended, by id. */
  private readonly held = new Set<string>();
  private readonly arrivals = new Arrivals();
  private isClaimLost = false;
  private isStopping = false;

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
    this.claims = new OutboundClaims(db, journal, runtime, pacing, this.arrivals, share);
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
    this.isStopping = true;
    return this.loop.stop();
  }

  private async claim(limit: number): Promise<Claim<Work>> {
    if (this.isClaimLost) await this.claims.releaseAllBut(this.held);
    this.isClaimLost = true; // until its answer is here
    const { items, changed, nextAt } = await this.claims.claim(limit);
    this.isClaimLost = false;
    const claimed: Work[] = [];
    for (const work of items) {
      this.held.add(work.row.id);
      claimed.push(work.kind === 'send' ? { ...work, place: this.pacing.take(work.row.account_sid) } : work);
    }
    if (changed) this.signals.statuses.emit();
    return { items: claimed, nextAt };
  }

  private async run(work: Work): Promise<void> {
    const { row } = work;
    try {
      const found = await this.lookUp(row);
      if (found instanceof Connection) {
        await (work.kind === 'send' ? this.send(found, work) : this.reconciler.reconcile(found, row));
      } else if (work.kind === 'send') {
        await this.giveBack(work, found.ifUnsent);
      } else {
        await this.settlement.step(row, found.ifUnknown);
      }
    } finally {
      this.held.delete(row.id);
    }
    this.signals.statuses.emit();
    // Its conversation may go on: here, where a place is free now, or else with another replica.
    const goesOnHere = !this.isStopping && this.pacing.places(row.account_sid, this.runtime.clock.now()) > 0;
    if (!goesOnHere) this.signals.outbox.emit();
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
      const dueAt = this.runtime.clock.now() + pauseAfter(row, this.runtime.random);
      return {
        ifUnsent: { status: 'queued', dueAt, waiting: 'retry' },
        ifUnknown: { status: 'unknown', dueAt, waiting: 'reconcile' },
      };
    }
  }

  private async send(connection: Connection, work: Work & OutboundSend): Promise<void> {
    const { row, place } = work;
    const now = this.runtime.clock.now();
    if (now - row.attempted_at! > STALE_CLAIM_MS) return this.giveBack(work, { status: 'queued', dueAt: now });
    const answer = await this.attempt(connection, work, now);
    if (isTwilioError(answer)) {
      const step = this.stepAfter(connection, row, answer);
      if (answer.code === 'TWILIO_RATE_LIMITED' && step.status === 'queued') this.pacing.refused(place, step.dueAt!);
      this.logger.warn(`Message ${row.id}: ${answer.message}`);
      this.tell(row, now, { result: resultOf(step), code: step.error?.code });
      await this.settlement.step(row, onTime(row, step));
    } else {
      this.pacing.succeeded(place);
      this.tell(row, now, { result: 'accepted', sid: answer.sid });
      await this.settlement.taken(row, answer);
    }
  }

  /** Makes the request. Its place is free again when it is over, before that is stored, or when its answer is late. */
  private async attempt(
    connection: Connection,
    { row, slot, place }: Work & OutboundSend,
    begun: number,
  ): Promise<MessageResource | TwilioError> {
    const { clock } = this.runtime;
    const cancelLate = clock.setTimeout(() => {
      place.yield();
      this.loop.wake();
    }, this.pacing.lateAfterMs);
    try {
      const answer = await this.create(connection, row, this.paramsOf(row)).catch((error: unknown) => {
        if (isTwilioError(error)) return error;
        throw error;
      });
      const isAnswered = !isTwilioError(answer) || isOver(answer);
      this.arrivals.arrived(slot, isAnswered ? clock.now() : latestArrival(begun));
      if (isAnswered) this.pacing.answered(clock.now() - begun);
      return answer;
    } finally {
      cancelLate();
      place.end();
      this.loop.wake();
    }
  }

  /** A message whose request is not made. */
  private giveBack({ row, slot, place }: Work & OutboundSend, step: OutboxStep): Promise<void> {
    this.arrivals.neverMade(slot);
    place.end();
    return this.settlement.step(row, step);
  }

  private create(connection: Connection, row: OutboundRow, params: URLSearchParams): Promise<MessageResource> {
    const attributes = { 'whatsapp.message.id': row.id, 'whatsapp.connection.id': row.connection_id };
    return inSpan('whatsapp.send', { kind: 'client', parent: row.trace, attributes }, async (annotate) => {
      const resource = await this.clients.call(connection, (client) => client.createMessage(params));
      annotate({ 'whatsapp.message.sid': resource.sid });
      return resource;
    });
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

  private stepAfter(connection: Connection, row: OutboundRow, error: TwilioError): OutboxStep {
    return stepAfter(error, row, {
      now: this.runtime.clock.now(),
      random: this.runtime.random,
      settleAfterMs: this.settings.reconciliation.settleAfterMs,
      isRotating: isRefusedToken(error) && connection.credentials.length > 1,
    });
  }
}

function resultOf({ status }: OutboxStep): SendHappening['result'] {
  if (status === 'unknown' || status === 'failed') return status;
  return 'retry';
}
