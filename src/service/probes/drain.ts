import { Injectable, type OnModuleDestroy } from '@nestjs/common';

/** Whether this process is about to end. Requests are still served, and their connections closed after them. */
@Injectable()
export class Drain implements OnModuleDestroy {
  private readonly leaving = new AbortController();

  /** The first step of a shutdown. */
  onModuleDestroy(): void {
    this.leaving.abort();
  }

  get isUnderWay(): boolean {
    return this.leaving.signal.aborted;
  }

  /** Aborted when the process is about to end. */
  get signal(): AbortSignal {
    return this.leaving.signal;
  }
}
