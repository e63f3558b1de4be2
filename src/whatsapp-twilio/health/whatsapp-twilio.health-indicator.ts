import { Inject, Injectable } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { ConnectionRegistry } from '../connections/connection-registry';
import { TwilioClients } from '../connections/twilio-clients';
import { healthCheckTimeoutMs } from '../contract/messaging.whatsapp.twilio';
import type { Runtime } from '../runtime';
import { RUNTIME } from '../tokens';
import { probeTwilio, type TwilioHealth } from './probe-twilio';

/** How long an answer is good for: probes come every few seconds, from every replica. */
const CACHE_MS = 15_000;

/**
 * Whether Twilio takes our requests, for Terminus. Never takes longer than the specification's 4000 ms, asks Twilio at
 * most once in 15 s however often and from however many probes it is called, and tells a wrong token from a suspended
 * account and from a Twilio that cannot be reached.
 *
 * @example
 * health.check([() => whatsapp.isHealthy('twilio')])
 */
@Injectable()
export class WhatsappTwilioHealthIndicator {
  #flight: Promise<TwilioHealth> | undefined;
  #latest: { readonly health: TwilioHealth; readonly until: number } | undefined;

  constructor(
    @Inject(RUNTIME) private readonly runtime: Runtime,
    private readonly indicators: HealthIndicatorService,
    private readonly connections: ConnectionRegistry,
    private readonly clients: TwilioClients,
  ) {}

  async isHealthy<const Key extends string = 'twilio'>(
    key: Key = 'twilio' as Key,
  ): Promise<HealthIndicatorResult<Key>> {
    const { status, ...details } = await this.health();
    const session = this.indicators.check(key);
    return status === 'up' ? session.up() : session.down(details);
  }

  private health(): Promise<TwilioHealth> {
    if (this.#latest !== undefined && this.runtime.clock.now() < this.#latest.until) {
      return Promise.resolve(this.#latest.health);
    }
    this.#flight ??= this.ask().finally(() => (this.#flight = undefined));
    return this.#flight;
  }

  private async ask(): Promise<TwilioHealth> {
    const connection = this.connections.default;
    const health = await probeTwilio(this.clients.of(connection), {
      canReadAccount: !connection.usesApiKey,
      timeoutMs: healthCheckTimeoutMs,
      clock: this.runtime.clock,
    });
    this.#latest = { health, until: this.runtime.clock.now() + CACHE_MS };
    return health;
  }
}
