import { type BeforeApplicationShutdown, Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { setTimeout } from 'node:timers/promises';
import type { ServiceEnvironment } from '../service-environment';
import { SERVICE_ENVIRONMENT } from '../service.tokens';

/** Whether this process is about to end. Requests are still served, and their connections closed after them. */
@Injectable()
export class Drain implements OnModuleDestroy, BeforeApplicationShutdown {
  private readonly leaving = new AbortController();

  constructor(@Inject(SERVICE_ENVIRONMENT) private readonly environment: ServiceEnvironment) {}

  /** The first step of a shutdown. */
  onModuleDestroy(): void {
    this.leaving.abort();
  }

  /** Who sends requests here has to see the readiness fail before nobody listens any more. Ctrl-C is not waited for. */
  async beforeApplicationShutdown(signal?: string): Promise<void> {
    if (signal === 'SIGTERM') await setTimeout(this.environment.shutdownDelayMs);
  }

  get isUnderWay(): boolean {
    return this.leaving.signal.aborted;
  }

  /** Aborted when the process is about to end. */
  get signal(): AbortSignal {
    return this.leaving.signal;
  }
}
