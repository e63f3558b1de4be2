import { type BeforeApplicationShutdown, Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { setTimeout } from 'node:timers/promises';
import type { ServiceEnvironment } from '../service-environment';
import { SERVICE_ENVIRONMENT } from '../service.tokens';

/** Nobody sends requests here any more when none came for so long. */
const QUIET_MS = 250;

/** Whether this process is about to end. Requests are still served, and their connections closed after them. */
@Injectable()
export class Drain implements OnModuleDestroy, BeforeApplicationShutdown {
  private readonly leaving = new AbortController();
  private lastRequestAt = 0;

  constructor(@Inject(SERVICE_ENVIRONMENT) private readonly environment: ServiceEnvironment) {}

  /** The first step of a shutdown. */
  onModuleDestroy(): void {
    this.leaving.abort();
  }

  /**
   * Who sends requests here has to see the readiness fail before nobody listens any more; and what already waits to be
   * taken would be cut off then, so it goes on for up to three times as long while requests come. Ctrl-C is not waited for.
   */
  async beforeApplicationShutdown(signal?: string): Promise<void> {
    if (signal !== 'SIGTERM') return;
    const { shutdownDelayMs } = this.environment;
    const end = performance.now() + 3 * shutdownDelayMs;
    await setTimeout(shutdownDelayMs);
    while (performance.now() < Math.min(end, this.lastRequestAt + QUIET_MS)) await setTimeout(QUIET_MS / 5);
  }

  /** A request came that is no probe. */
  requested(): void {
    this.lastRequestAt = performance.now();
  }

  get isUnderWay(): boolean {
    return this.leaving.signal.aborted;
  }

  /** Aborted when the process is about to end. */
  get signal(): AbortSignal {
    return this.leaving.signal;
  }
}
