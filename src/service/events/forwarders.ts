import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { FORWARDERS } from '../service.tokens';
import type { Forwarder } from './forwarder';

/** Closes the connections to the endpoints, after the last event was delivered. */
@Injectable()
export class Forwarders implements OnApplicationShutdown {
  constructor(@Inject(FORWARDERS) private readonly forwarders: readonly Forwarder[]) {}

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.forwarders.map((forwarder) => forwarder.close()));
  }
}
