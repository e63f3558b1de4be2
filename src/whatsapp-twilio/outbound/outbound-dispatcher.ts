import { Inject, Injectable, Logger } from '@nestjs/common';
import { backoffMs } from '../../common/backoff';
import { WorkLoop } from '../../common/work-loop';
import type { Connection } from '../connections/connection';
import { ConnectionRegistry } from '../connections/connection-registry';
import { TwilioClients } from '../connections/twilio-clients';
import type { WhatsappTwilioSettings } from '../contract/validate-options';
import { MessageJournal, type OutboxStep } from '../delivery/message-journal';
import { StatusCallbacks } from '../delivery/status-callbacks';
import { parseAddress } from '../messages/address';
import { fromTwilioStatus } from '../messages/message-status';
import type { NormalizedContent } from '../messages/outbound-message';
import { toTwilioParams } from '../messages/to-twilio-params';
import type { Runtime } from '../runtime';
import type { Signals } from '../signals';
import type { Database, DatabaseTransaction } from '../storage/database';
import type { OutboundRow } from '../storage/schema';
import { DATABASE, RUNTIME, SETTINGS, SIGNALS } from '../tokens';
import { describeTwilioError } from '../twilio/error-catalogue';
import type { MessageResource } from '../twilio/message-resource';
import { isTwilioError, type TwilioApiError, type TwilioError } from '../twilio/twilio-errors';
import { OutboundClaims, type OutboundWork } from './outbound-claims';
import { reconcile } from './reconciliation';
import { WebhookUrls } from './webhook-urls';

/** Twilio limits requests in flight, not only their rate. */
const REQUESTS_IN_FLIGHT = 10;
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 300_000;
/** A message that Twilio would still refuse for the moment after this long is given up. */
const RETRY_FOR_MS = 24 * 3_600_000;
/** The first look for a message whose fate is unknown; each further one comes after three times the time passed. */
const FIRST_LOOK_MS = 2000;
/** A message that Twilio does not list by then was not taken. */
const SETTLED_AFTER_MS = 30_000;
/** When Twilio cannot be asked for this long, the message is left `unknown` for a person to judge. */
const RECONCILE_FOR_MS = 15 * 60_000;
const SECONDS = 1000;

/** Hands the outbox to Twilio: each message once. */
@Injectable()
export class OutboundDispatcher {
  private readonly logger = new Logger('WhatsappTwilio');
  private readonly loop: WorkLoop<OutboundWork>;

  constructor(
    @Inject(SETTINGS) settings: WhatsappTwilioSettings,
    @Inject(DATABASE) private readonly db: Database,
    @Inject(RUNTIME) private readonly runtime: Runtime,
    @Inject(SIGNALS) private readonly signals: Signals,
    private readonly connections: ConnectionRegistry,
    private readonly clients: TwilioClients,
    private readonly journal: MessageJournal,
    private readonly callbacks: StatusCallbacks,
    private readonly urls: WebhookUrls,
  ) {
    const scope = { connectionIds: connections.ids, rpm: settings.rateLimitRpm };
    const claims = new OutboundClaims(db, journal, runtime, scope);
    this.loop = new WorkLoop({
      clock: runtime.clock,
      concurrency: REQUESTS_IN_FLIGHT,
      claim: (limit) => claims.claim(limit),
      run: (work) => this.run(work),
      onError: (error) => this.logger.error('The outbox cannot go on for the moment.', (error as Error).stack),
    });
    signals.outbox.on(() => this.loop.wake());
  }

  start(): void {
    this.loop.start();
  }

  /** Claims nothing more; resolves once the requests under way are answered. */
  stop(): Promise<void> {
    return this.loop.stop();
  }

  private async run({ kind, row }: OutboundWork): Promise<void> {
    const connection = this.connections.byId(row.connection_id)!;
    await (kind === 'send' ? this.send(connection, row) : this.reconcile(connection, row));
    this.signals.statuses.emit();
  }

  private async send(connection: Connection, row: OutboundRow): Promise<void> {
    let resource: MessageResource;
    try {
      resource = await this.clients.of(connection).createMessage(this.paramsOf(row));
    } catch (error) {
      if (!isTwilioError(error)) throw error;
      this.logger.warn(`Message ${row.id}: ${error.message}`);
      await this.stepIfOurs(row, this.afterFailure(row, error));
      return;
    }
    await this.taken(row, resource);
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

  private afterFailure(row: OutboundRow, error: TwilioError): OutboxStep {
    const now = this.runtime.clock.now();
    const messageError = error.toMessageError();
    if (error.outcome === 'unknown') {
      return { status: 'unknown', dueAt: now + FIRST_LOOK_MS, waiting: 'reconcile', error: messageError };
    }
    const tooOld = now - Math.max(row.created_at, row.send_at ?? 0) >= RETRY_FOR_MS;
    if (!error.retryable || tooOld) return { status: 'failed', dueAt: null, error: messageError };
    const pause = backoffMs(row.attempts, FIRST_RETRY_MS, LONGEST_RETRY_MS, this.runtime.random);
    const asked = (error as Partial<TwilioApiError>).retryAfterMs ?? 0;
    return { status: 'queued', dueAt: now + Math.max(pause, asked), waiting: 'retry', error: messageError };
  }

  private async reconcile(connection: Connection, row: OutboundRow): Promise<void> {
    const now = this.runtime.clock.now();
    const elapsed = Math.max(now - (row.attempted_at ?? now), FIRST_LOOK_MS);
    const later: OutboxStep = {
      status: 'unknown',
      dueAt: elapsed >= RECONCILE_FOR_MS ? null : now + Math.min(elapsed * 2, SETTLED_AFTER_MS),
      waiting: elapsed >= RECONCILE_FOR_MS ? null : 'reconcile',
    };
    try {
      const found = await reconcile(this.db, this.clients.of(connection), connection, row);
      if (found.kind === 'taken') await this.taken(row, found.resource);
      else if (found.kind === 'not-found' && elapsed >= SETTLED_AFTER_MS) {
        this.logger.warn(`Message ${row.id} is not at Twilio; it is sent again.`);
        await this.stepIfOurs(row, { status: 'queued', dueAt: now });
      } else await this.stepIfOurs(row, later);
    } catch (error) {
      if (!isTwilioError(error)) throw error;
      this.logger.warn(`Message ${row.id} could not be looked up: ${error.message}`);
      await this.stepIfOurs(row, later);
    }
    this.signals.outbox.emit();
  }

  /** Twilio has the message. What it already reported about the SID is applied with it. */
  private taken(row: OutboundRow, resource: MessageResource): Promise<void> {
    return this.onFresh(row, async (trx, fresh) => {
      const status = fromTwilioStatus(resource.status ?? '') ?? 'accepted';
      const updated = await this.journal.report(trx, fresh, {
        status,
        source: 'api',
        sid: resource.sid,
        ...(resource.errorCode !== null && { error: describeTwilioError(resource.errorCode) }),
      });
      await this.callbacks.applyEarly(trx, updated);
    });
  }

  /** A callback may have settled the message while its request was under way; then there is nothing left to do. */
  private stepIfOurs(row: OutboundRow, step: OutboxStep): Promise<void> {
    return this.onFresh(row, async (trx, fresh) => {
      if (fresh.status === row.status && fresh.attempts === row.attempts) await this.journal.step(trx, fresh, step);
    });
  }

  private async onFresh(
    { id }: OutboundRow,
    act: (trx: DatabaseTransaction, fresh: OutboundRow) => Promise<void>,
  ): Promise<void> {
    await this.db.transaction().execute(async (trx) => {
      const fresh = await trx.selectFrom('outbound_messages').selectAll().where('id', '=', id).executeTakeFirst();
      if (fresh !== undefined) await act(trx, fresh);
    });
  }
}
