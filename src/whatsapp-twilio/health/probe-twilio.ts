import type { Clock } from '../../common/clock';
import type { TwilioClient } from '../twilio/twilio-client';
import { isTwilioError, type TwilioError } from '../twilio/twilio-errors';

export type TwilioHealth =
  | { readonly status: 'up' }
  | {
      readonly status: 'down';
      /** Which of the things that can be wrong it is. */
      readonly reason: 'credentials-refused' | 'account-suspended' | 'account-closed' | 'unreachable' | 'refused';
      /** What to do. */
      readonly message: string;
    };

/**
 * Asks for one message of the account, which an API key may do as well; an auth token may also ask how the account is,
 * which tells a suspended one from a wrong token.
 */
export async function probeTwilio(
  client: TwilioClient,
  { canReadAccount, timeoutMs, clock }: { canReadAccount: boolean; timeoutMs: number; clock: Clock },
): Promise<TwilioHealth> {
  const limit = new AbortController();
  const cancel = clock.setTimeout(() => limit.abort(), timeoutMs);
  const { signal } = limit;
  try {
    const [messages, account] = await Promise.allSettled([
      client.listMessages({ limit: 1, pageSize: 1, signal }),
      canReadAccount ? client.fetchAccount({ signal }) : Promise.resolve(undefined),
    ]);
    const status = account.status === 'fulfilled' ? account.value?.status : undefined;
    if (status === 'suspended') return accountIs('suspended');
    if (status === 'closed') return accountIs('closed');
    return messages.status === 'fulfilled' ? { status: 'up' } : failure(messages.reason);
  } finally {
    cancel();
  }
}

function accountIs(status: 'suspended' | 'closed'): TwilioHealth {
  return {
    status: 'down',
    reason: `account-${status}`,
    message: `Twilio has ${status} the account. Its owner finds the reason in Twilio's console.`,
  };
}

const ACCOUNT_NOT_ACTIVE = 20005;

function failure(error: unknown): TwilioHealth {
  if (!isTwilioError(error)) throw error;
  if ((error as { twilioCode?: number }).twilioCode === ACCOUNT_NOT_ACTIVE) return accountIs('suspended');
  switch (error.code) {
    case 'TWILIO_AUTHENTICATION':
      return down('credentials-refused', error);
    case 'TWILIO_CONNECTION':
    case 'TWILIO_SERVER_ERROR':
    case 'TWILIO_UNREADABLE_ANSWER':
      return down('unreachable', error);
    default:
      return down('refused', error);
  }
}

function down(reason: 'credentials-refused' | 'unreachable' | 'refused', error: TwilioError): TwilioHealth {
  return { status: 'down', reason, message: `${error.message} ${error.help}` };
}
