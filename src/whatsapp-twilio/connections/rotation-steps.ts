import type { RotationRow, RotationStep } from '../storage/schema';
import { isTwilioError, type TwilioError } from '../twilio/twilio-errors';
import type { Connection } from './connection';
import { isRefusedToken, type TwilioClients } from './twilio-clients';

/** Where a rotation goes next. What has to be stored with it is stored in the same transaction. */
export interface RotationMove {
  readonly step: RotationStep;
  /** When there is something to do; null for never, or when a person has to act. */
  readonly dueAt: number | null;
  /** The token that is accepted from now on, and will be the primary one. */
  readonly newToken?: string;
  /** The new token is the primary one now, and the old one is dead. */
  readonly promoted?: true;
  /** Nothing may be signed with the old token any more. */
  readonly retired?: true;
  /** The new token is given up. */
  readonly dropped?: true;
  readonly error?: string;
}

export interface RotationTimes {
  /** How long all processes have to learn the new token before Twilio signs with it. */
  readonly promoteAfterMs: number;
}

const FIRST_LOOK_MS = 5000;
const LONGEST_LOOK_MS = 300_000;
/** Nobody may write to a quiet number for long, and an old token is not kept for ever. */
const UNSEEN_FOR_MS = 86_400_000;

/** A step that cannot be done until a person acts. */
class Stuck extends Error {}

/**
 * Does one step at Twilio. Each can be done again after a crash at any point: what was done already is found out first.
 *
 * @throws TwilioError when the step has to be tried again later.
 */
export async function takeStep(
  row: RotationRow,
  connection: Connection,
  clients: TwilioClients,
  { promoteAfterMs }: RotationTimes,
  now: number,
): Promise<RotationMove> {
  const [current, next] = connection.authTokens as [string, string | undefined];
  const tokens = clients.authTokens(connection.accountSid, current);
  const works = (token: string) => takesToken(clients, connection, token);
  const promoted = (): RotationMove => ({ step: 'overlapping', dueAt: now + row.overlap_ms, promoted: true });

  try {
    switch (row.step) {
      case 'creating': {
        // An earlier try may have made one whose answer never came.
        if (row.attempts > 1) await ignoringAbsence(tokens.deleteSecondary());
        return { step: 'accepting', dueAt: now + promoteAfterMs, newToken: await tokens.createSecondary() };
      }
      case 'accepting':
        return { step: 'promoting', dueAt: now };
      case 'promoting': {
        try {
          const primary = await tokens.promote();
          return primary === next ? promoted() : { ...promoted(), newToken: primary };
        } catch (error) {
          if (codeOf(error) === 'TWILIO_NOT_FOUND')
            throw new Stuck('Twilio has no secondary token any more. Abort it.');
          if (!isRefusedToken(error)) throw error;
          // The answer to an earlier try may have been lost: then the old token is dead, and the new one works.
          if (await works(next!)) return promoted();
          throw new Stuck('Twilio refuses the old token and the new one. Abort, then give the current token by hand.');
        }
      }
      case 'waiting': {
        if (row.confirmed_at !== null || !(await works(current))) return promoted();
        return { step: 'waiting', dueAt: now + untilNextLook(now - row.started_at) };
      }
      case 'overlapping': {
        const elapsed = now - (row.promoted_at ?? row.started_at);
        // Whoever wants no overlap wants the old token gone, whatever Twilio signs with.
        const isSeen = row.confirmed_at !== null || row.overlap_ms === 0 || elapsed >= UNSEEN_FOR_MS;
        if (isSeen) return { step: 'done', dueAt: null, retired: true };
        const rest = Math.min(untilNextLook(elapsed), UNSEEN_FOR_MS - elapsed);
        return { step: 'overlapping', dueAt: now + rest };
      }
      case 'aborting': {
        // What is promoted cannot be taken back.
        if (!(await works(current)) && next !== undefined && (await works(next))) return promoted();
        if (row.kind === 'twilio') await ignoringRefusal(ignoringAbsence(tokens.deleteSecondary()));
        return { step: 'aborted', dueAt: null, dropped: true };
      }
      default:
        return { step: row.step, dueAt: null };
    }
  } catch (error) {
    if (error instanceof Stuck) return { step: row.step, dueAt: null, error: error.message };
    if (!isTwilioError(error) || mayPass(error)) throw error;
    return { step: row.step, dueAt: null, error: `${error.message} ${error.help}` };
  }
}

function untilNextLook(elapsed: number): number {
  return Math.min(Math.max(FIRST_LOOK_MS, Math.round(elapsed / 10)), LONGEST_LOOK_MS);
}

/** @throws TwilioError when it cannot be told. */
async function takesToken(clients: TwilioClients, connection: Connection, token: string): Promise<boolean> {
  try {
    const credentials = { username: connection.accountSid, password: token };
    await clients.with(connection, credentials).listMessages({ limit: 1, pageSize: 1 });
    return true;
  } catch (error) {
    if (isRefusedToken(error)) return false;
    throw error;
  }
}

async function ignoringAbsence(call: Promise<void>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (codeOf(error) !== 'TWILIO_NOT_FOUND') throw error;
  }
}

/** With a dead token nothing can be cleaned up, and nothing has to be. */
async function ignoringRefusal(call: Promise<void>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!isRefusedToken(error)) throw error;
  }
}

function codeOf(error: unknown): TwilioError['code'] | undefined {
  return isTwilioError(error) ? error.code : undefined;
}

/** Whether the same call may go better later: every step finds out first what an earlier try has done. */
function mayPass(error: TwilioError): boolean {
  return error.outcome !== 'refused' || error.code === 'TWILIO_RATE_LIMITED' || error.retryable;
}
