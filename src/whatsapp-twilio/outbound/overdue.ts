import { sql } from 'kysely';
import type { MessageJournal } from '../delivery/message-journal';
import type { DatabaseTransaction } from '../storage/database';
import { engineOf } from '../storage/engine';
import type { OutboundRow } from '../storage/schema';
import type { MessageError } from '../twilio/error-catalogue';

// Written out, as a partial index serves only a condition that is known beforehand.
const isLost = sql<boolean>`status in ('sending', 'unknown')`;

/** Ends the messages whose time ran out before they were sent, up to `limit`; resolves with how many those are. */
export async function expire(
  trx: DatabaseTransaction,
  journal: MessageJournal,
  scope: string,
  now: number,
  limit: number,
): Promise<number> {
  const expired = await due(trx, scope, now, limit)
    .where('expires_at', '<=', now)
    .where(({ not }) => not(isLost))
    .orderBy('expires_at')
    .execute();
  await journal.stepAll(trx, expired, { status: 'expired', dueAt: null, error: EXPIRED });
  return expired.length;
}

/** Takes over the messages whose sender was lost on the way, or that wait to be looked up, up to `limit`. */
export async function takeOver(
  trx: DatabaseTransaction,
  journal: MessageJournal,
  { scope, owner, until }: { readonly scope: string; readonly owner: string; readonly until: number },
  now: number,
  limit: number,
): Promise<OutboundRow[]> {
  const lost: OutboundRow[] = [];
  for (const row of await due(trx, scope, now, limit).where(isLost).orderBy('due_at').execute()) {
    lost.push(
      await journal.step(trx, row, {
        status: 'unknown',
        dueAt: until,
        waiting: 'reconcile',
        owner,
        unknownSince: row.unknown_since ?? row.attempted_at ?? now,
      }),
    );
  }
  return lost;
}

function due(trx: DatabaseTransaction, scope: string, now: number, limit: number) {
  return trx
    .selectFrom('outbound_messages')
    .selectAll()
    .where('scope', '=', scope)
    .where('due_at', '<=', now)
    .limit(limit)
    .modifyEnd(engineOf(trx).skipLocked);
}

const EXPIRED: MessageError = {
  code: 'EXPIRED',
  title: 'Not sent in time',
  retryable: true,
  action: 'none',
  help: 'Its expiresInSeconds ran out before it could be sent. Send it again if it still matters.',
};
