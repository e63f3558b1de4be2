import { Inject, Injectable, Logger } from '@nestjs/common';
import { WorkLoop } from '../../common/work-loop';
import { StatusCallbacks } from '../delivery/status-callbacks';
import type { Runtime } from '../runtime';
import { signalNames, type Signals } from '../signals';
import { isConnectionError } from '../storage/connection-error';
import type { Database } from '../storage/database';
import { groupCommitOf } from '../storage/group-commit';
import { logTrouble } from '../storage/log-trouble';
import type { Spool, Spooled } from '../storage/spool';
import type { Storage } from '../storage/storage';
import type { Outage } from '../storage/storage-reach';
import { DATABASE, RUNTIME, SIGNALS, STORAGE } from '../tokens';
import { Inbox } from './inbox';
import { type Webhook, WebhookIntake } from './webhook-intake';

const BATCH = 50;

/**
 * Says when the storage goes away and when it is back, and then moves what is in the spool to it, in order. An entry
 * leaves the spool after its commit; when the process ends in between, the storage recognises it the second time.
 */
@Injectable()
export class SpoolDrain {
  private readonly logger = new Logger('WhatsappTwilio');
  private readonly loop: WorkLoop<never>;
  /** How many were moved since the spool was last empty. */
  private moved = 0;
  /** The outage that has just ended and is not reported yet. */
  private over: Outage | undefined;

  constructor(
    @Inject(STORAGE) private readonly storage: Storage,
    @Inject(DATABASE) private readonly db: Database,
    @Inject(RUNTIME) private readonly runtime: Runtime,
    @Inject(SIGNALS) private readonly signals: Signals,
    private readonly inbox: Inbox,
    private readonly callbacks: StatusCallbacks,
    intake: WebhookIntake,
  ) {
    this.loop = new WorkLoop<never>({
      clock: runtime.clock,
      concurrency: 1,
      claim: async () => {
        if (storage.spool !== undefined && storage.reach?.outage === undefined) await this.drain(storage.spool);
        return { items: [] };
      },
      run: () => Promise.resolve(),
      onError: logTrouble(this.logger, 'The spool cannot be emptied for the moment.'),
    });
    intake.spooled.on(() => this.loop.wake());
  }

  start(): void {
    const { reach } = this.storage;
    reach?.watch({ away: (outage) => this.sayAway(outage), back: (outage) => this.goOn(outage) });
    if (reach?.outage !== undefined) this.sayAway(reach.outage);
    this.loop.start();
  }

  /** What is left stays in the spool for the next start. */
  stop(): Promise<void> {
    return this.loop.stop();
  }

  private sayAway({ reason }: Outage): void {
    const then = this.storage.spool === undefined ? 'answered with 503' : 'kept in the spool';
    this.logger.error(`PostgreSQL is away: ${reason}. Until it is back, webhooks are ${then} and nothing is sent.`);
  }

  private goOn(outage: Outage): void {
    this.over = outage;
    if (this.storage.spool === undefined) this.sayBack();
    else this.loop.wake();
    for (const name of signalNames) this.signals[name].emit();
  }

  private sayBack(): void {
    const { over, moved } = this;
    this.over = undefined;
    this.moved = 0;
    const stored = `${moved} webhook${moved === 1 ? '' : 's'} from the spool ${moved === 1 ? 'is' : 'are'} stored`;
    if (over !== undefined) {
      const seconds = Math.round((this.runtime.clock.now() - over.since) / 1000);
      this.logger.log(`PostgreSQL is back after ${seconds} s${moved > 0 ? `; ${stored}` : ''}.`);
    } else if (moved > 0) this.logger.log(`${stored}.`);
  }

  /** One batch. There is another look after it, until nothing is left. */
  private async drain(spool: Spool): Promise<void> {
    const entries = await spool.oldest(BATCH);
    if (entries.length === 0) {
      if (spool.size === 0) this.sayBack();
      return;
    }
    await this.move(spool, entries);
    this.loop.wake();
  }

  private async move(spool: Spool, entries: readonly Spooled[]): Promise<void> {
    try {
      await this.store(entries);
    } catch (error) {
      // Trouble of the storage's own: all of them wait, in order.
      if (!isAboutTheEntry(error)) throw error;
      if (entries.length > 1) {
        for (const entry of entries) await this.move(spool, [entry]);
        return;
      }
      await spool.setAside(entries[0]!);
      const { code } = error as { code?: string };
      this.logger.error(
        `A webhook cannot be stored (${code ?? 'unreadable'}); it stays in the spool until the next start.`,
      );
      return;
    }
    await spool.remove(entries);
    this.moved += entries.length;
  }

  private async store(entries: readonly Spooled[]): Promise<void> {
    const webhooks = entries.map(({ webhook }) => JSON.parse(webhook) as Webhook);
    const messages = webhooks.filter((webhook) => webhook.kind === 'message');
    const callbacks = webhooks.filter((webhook) => webhook.kind !== 'message');
    const accepted = await groupCommitOf(this.db).run(async (trx) => {
      if (callbacks.length > 0) await this.callbacks.store(trx, callbacks);
      return messages.length > 0 ? this.inbox.storeAll(trx, messages) : [];
    });
    for (const one of accepted) this.inbox.announce(one);
    if (callbacks.length > 0) this.callbacks.announce();
  }
}

/**
 * Whether an entry cannot be stored for what it says: PostgreSQL's classes 22 (data exception) and 23 (integrity), or an
 * error that is not from PostgreSQL. It must not hold up the others.
 *
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
function isAboutTheEntry(error: unknown): boolean {
  if (isConnectionError(error)) return false;
  const { code = '' } = error as { code?: string };
  return /^2[23]/.test(code) || !/^[0-9A-Z]{5}$/.test(code);
}
