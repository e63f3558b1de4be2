import type { RotationRow, RotationStep } from '../storage/schema';

/**
 * A rotation of a connection's auth token, as it is shown.
 *
 * By Twilio's API (`twilio`): `creating` the secondary token → `accepting` it, so that every process knows it before a
 * webhook is signed with it → `promoting` → `overlapping`, while webhooks signed with the old token may still be on their
 * way and until one signed with the new token came → `done`. By hand (`manual`): `waiting` for the new token to become the
 * primary one in Twilio's console → `overlapping` → `done`. `aborting` → `aborted` as long as nothing was promoted.
 */
export interface ConnectionRotation {
  readonly id: string;
  readonly connectionId: string;
  readonly kind: 'manual' | 'twilio';
  readonly step: RotationStep;
  /** Why the step cannot go on, or did not at the last try. */
  readonly error?: string;
  /** A person has to act: `ConnectionRotations.continue()` tries the step again, `abort()` goes back. */
  readonly needsAttention: boolean;
  readonly startedAt: Date;
  /** When Twilio made the new token the primary one. */
  readonly promotedAt?: Date;
  /** When a webhook came that was signed with the new token. */
  readonly confirmedAt?: Date;
  readonly finishedAt?: Date;
}

export function toRotation(row: RotationRow): ConnectionRotation {
  return {
    id: row.id,
    connectionId: row.connection_id,
    kind: row.kind,
    step: row.step,
    ...(row.error !== null && { error: row.error }),
    needsAttention: row.finished_at === null && row.due_at === null,
    startedAt: new Date(row.started_at),
    ...(row.promoted_at !== null && { promotedAt: new Date(row.promoted_at) }),
    ...(row.confirmed_at !== null && { confirmedAt: new Date(row.confirmed_at) }),
    ...(row.finished_at !== null && { finishedAt: new Date(row.finished_at) }),
  };
}
