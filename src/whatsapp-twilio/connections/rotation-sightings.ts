import { Inject, Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import type { Runtime } from '../runtime';
import type { Signals } from '../signals';
import type { Database } from '../storage/database';
import { DATABASE, RUNTIME, SIGNALS } from '../tokens';
import type { Connection } from './connection';

const MOST_NOTED = 1000;

/** Notes that a webhook came which was signed with the new token of a rotation: once, and without its waiting for that. */
@Injectable()
export class RotationSightings {
  readonly #noted = new Set<string>();

  constructor(
    @Inject(DATABASE) private readonly db: Database,
    @Inject(RUNTIME) private readonly runtime: Runtime,
    @Inject(SIGNALS) private readonly signals: Signals,
  ) {}

  note({ rotation }: Connection): void {
    if (rotation === undefined || rotation.confirmed || this.#noted.has(rotation.id)) return;
    if (this.#noted.size >= MOST_NOTED) this.#noted.clear();
    this.#noted.add(rotation.id);
    // What could not be written is noted with the next webhook.
    this.#write(rotation.id).catch(() => this.#noted.delete(rotation.id));
  }

  async #write(id: string): Promise<void> {
    const now = this.runtime.clock.now();
    await this.db
      .updateTable('connection_rotations')
      .set({ confirmed_at: now })
      .where('id', '=', id)
      .where('finished_at', 'is', null)
      .where('confirmed_at', 'is', null)
      .execute();
    // By hand it tells that the new token was promoted.
    await this.db
      .updateTable('connection_rotations')
      .set({ due_at: now })
      .where('id', '=', id)
      .where('step', '=', 'waiting')
      .execute();
    // The old token has no more than its overlap.
    const endOfOverlap = sql<number>`promoted_at + overlap_ms`;
    await this.db
      .updateTable('connection_rotations')
      .set({ due_at: endOfOverlap })
      .where('id', '=', id)
      .where('step', '=', 'overlapping')
      .where('due_at', '>', endOfOverlap)
      .execute();
    this.signals.rotations.emit();
  }
}
