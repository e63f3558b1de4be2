import { setTimeout as pause } from 'node:timers/promises';
import { inbound, signWebhook } from 'nestjs-whatsapp-twilio/testing';
import { Agent, request } from 'undici';
import type { AppProcess } from './app-process';
import type { Delivery } from './judge';
import type { World } from './world';

export interface Load {
  /** Webhooks in all. */
  readonly total: number;
  readonly users: number;
  /** Webhooks a second, whatever becomes of them. Without it each user writes on when the last one was answered. */
  readonly rate?: number | undefined;
}

const ANSWER_LIMIT_MS = 15_000;

/** Signed webhooks of many users, and what became of each. */
export class WebhookLoad {
  /** In the order in which they were answered or failed. */
  readonly deliveries: Delivery[] = [];
  readonly #agent = new Agent({
    connections: 50,
    connect: { timeout: ANSWER_LIMIT_MS },
    headersTimeout: ANSWER_LIMIT_MS,
  });
  readonly #moments: { readonly at: number; readonly act: () => void }[] = [];

  constructor(
    private readonly world: World,
    /** What the user writes. */
    private readonly textOf: (user: number, number: number) => string = (_, number) => String(number),
  ) {}

  /** Calls `act` when so many more have been answered or failed. */
  after(count: number, act: () => void): void {
    this.#moments.push({ at: this.deliveries.length + count, act });
  }

  /** Resolves once each was answered or failed. */
  async run({ total, users, rate }: Load): Promise<void> {
    try {
      await (rate === undefined ? this.#byUsers(total, users) : this.#atRate(total, users, rate));
    } finally {
      await this.#agent.close();
    }
  }

  get acknowledged(): Delivery[] {
    return this.deliveries.filter(({ acknowledgedAt }) => acknowledgedAt !== undefined);
  }

  /** How many were not acknowledged, by why. */
  get refusals(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { refusal } of this.deliveries) {
      if (refusal !== undefined) counts[refusal] = (counts[refusal] ?? 0) + 1;
    }
    return counts;
  }

  async #atRate(total: number, users: number, rate: number): Promise<void> {
    const begin = performance.now();
    const pending = new Set<Promise<void>>();
    for (let number = 0; number < total; number++) {
      const ahead = begin + (number * 1000) / rate - performance.now();
      if (ahead > 0) await pause(ahead, undefined, { signal: this.world.signal });
      this.world.signal.throwIfAborted();
      const one: Promise<void> = this.#write(number % users, number).finally(() => pending.delete(one));
      pending.add(one);
    }
    await Promise.all(pending);
  }

  async #byUsers(total: number, users: number): Promise<void> {
    let next = 0;
    const writeOn = async (user: number): Promise<void> => {
      while (next < total) {
        this.world.signal.throwIfAborted();
        await this.#write(user, next++);
        await Promise.all(this.world.apps.map((app) => app.ready));
      }
    };
    await Promise.all(Array.from({ length: users }, (_, user) => writeOn(user)));
  }

  async #write(user: number, number: number): Promise<void> {
    const { twilio, apps } = this.world;
    const app = apps[number % apps.length]!;
    const params = inbound.text({
      AccountSid: twilio.accountSid,
      From: addressOf(user),
      To: twilio.sender,
      Body: this.textOf(user, number),
    });
    const sentAt = performance.now();
    const refusal = await this.#post(app, params);
    this.deliveries.push({
      sid: params['MessageSid']!,
      from: params['From']!,
      text: params['Body']!,
      sentAt,
      ...(refusal === undefined ? { acknowledgedAt: performance.now() } : { refusal }),
    });
    for (const { at, act } of this.#moments) if (at === this.deliveries.length) act();
  }

  /** Resolves with why it was not acknowledged, if it was not. */
  async #post(app: AppProcess, params: Readonly<Record<string, string>>): Promise<string | undefined> {
    const { url, headers, body } = signWebhook({ authToken: this.world.twilio.authToken, url: app.url, params });
    try {
      const answer = await request(url, { method: 'POST', headers, body, dispatcher: this.#agent });
      await answer.body.dump();
      return answer.statusCode === 200 ? undefined : String(answer.statusCode);
    } catch (error) {
      return (error as { code?: string }).code ?? String(error); // the app is down; Twilio would try its fallback
    }
  }
}

/** `whatsapp:+15551000007` for the user 7 */
export function addressOf(user: number): string {
  return `whatsapp:+1555${1_000_000 + user}`;
}
