import { ConsoleLogger } from '@nestjs/common';
import { Happenings } from './happenings';

/** A silent logger that tells when handlers gave something up. */
export class DeathLogger extends ConsoleLogger {
  readonly deaths = new Happenings<string>();

  override error(text: string): void {
    if (text.includes('dead letter')) this.deaths.add(text);
  }
  override log(): void {}
  override warn(): void {}
}
