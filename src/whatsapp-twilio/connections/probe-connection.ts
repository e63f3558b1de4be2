import { isTwilioError, type TwilioApiError, type TwilioError } from '../twilio/twilio-errors';
import type { Connection } from './connection';
import { isRefusedToken } from './twilio-clients';
import type { TwilioProbe } from './twilio-probe';

/** What is wrong with a connection. Stable: programs may branch on it. */
export type ConnectionProblemCode =
  | 'wrong-token'
  | 'wrong-region'
  | 'account-suspended'
  | 'account-closed'
  | 'api-key-refused'
  | 'api-key-without-rights'
  | 'sender-unknown'
  | 'service-unknown'
  | 'unreachable';

export interface ConnectionProblem {
  readonly code: ConnectionProblemCode;
  /** What to do. */
  readonly message: string;
  /** Twilio's error code, where Twilio said no. */
  readonly twilioCode?: number;
}

/** Whether Twilio takes a connection; the shape is that of ContractSpec's `ByokKeyValidationResult`, and more. */
export interface ConnectionValidation {
  readonly valid: boolean;
  /** What is wrong, in one text. */
  readonly error?: string;
  readonly problems: readonly ConnectionProblem[];
  readonly checkedAt: Date;
  /** What Twilio says of the account. */
  readonly providerMeta: {
    readonly accountStatus?: string;
    readonly accountType?: string;
    /** The parent, of a subaccount. */
    readonly ownerAccountSid?: string;
  };
}

const ACCOUNT_NOT_ACTIVE = 20005;

const messages: Readonly<Record<Exclude<ConnectionProblemCode, 'unreachable'>, string>> = {
  'wrong-token': "The auth token is not this account's. Take the primary token from the account's own console page.",
  'wrong-region': 'The credentials are of another Twilio region. Take those of the region US1.',
  'account-suspended': "Twilio has suspended the account. Its owner finds the reason in Twilio's console.",
  'account-closed': 'The account is closed.',
  'api-key-refused': 'The API key is not of this account, or its secret is another. Make a new one.',
  'api-key-without-rights':
    'The API key may not read and send messages. Give it those permissions, or use a standard key.',
  'sender-unknown': 'The account has no WhatsApp sender with this number.',
  'service-unknown': 'The account has no Messaging Service with this SID.',
};

/**
 * Asks Twilio whether it takes the connection's token and API key, and knows its sender and service. What cannot be
 * told, such as the sender where the credentials may not list senders, is no problem.
 *
 * @see https://www.twilio.com/docs/iam/api/account, https://www.twilio.com/docs/whatsapp/api/senders
 */
export async function probeConnection(
  connection: Connection,
  probe: TwilioProbe,
  now: () => number,
): Promise<ConnectionValidation> {
  const problems: ConnectionProblem[] = [];
  let providerMeta: ConnectionValidation['providerMeta'] = {};
  try {
    const account = await probe.account();
    providerMeta = {
      ...(account.status !== null && { accountStatus: account.status }),
      ...(account.type !== null && { accountType: account.type }),
      ...(account.ownerAccountSid !== null &&
        account.ownerAccountSid !== account.sid && { ownerAccountSid: account.ownerAccountSid }),
    };
    if (account.status === 'suspended') problems.push(problem('account-suspended'));
    if (account.status === 'closed') problems.push(problem('account-closed'));
  } catch (error) {
    problems.push(await tokenProblem(twilioError(error), probe));
  }
  if (problems.length === 0) {
    if (connection.usesApiKey) await collect(problems, () => probe.messagesWithApiKey(), apiKeyProblem);
    const { from, messagingServiceSid } = connection;
    if (from) {
      await collect(problems, async () => {
        if ((await probe.hasSender(from)) === false) problems.push(problem('sender-unknown'));
      });
    }
    if (messagingServiceSid !== undefined) {
      await collect(problems, async () => {
        if ((await probe.hasService(messagingServiceSid)) === false) problems.push(problem('service-unknown'));
      });
    }
  }
  return {
    valid: problems.length === 0,
    ...(problems.length > 0 && { error: problems.map(({ message }) => message).join(' ') }),
    problems,
    checkedAt: new Date(now()),
    providerMeta,
  };
}

async function collect(
  problems: ConnectionProblem[],
  ask: () => Promise<unknown>,
  judge: (error: TwilioError) => ConnectionProblem = unreachable,
): Promise<void> {
  try {
    await ask();
  } catch (error) {
    problems.push(judge(twilioError(error)));
  }
}

async function tokenProblem(error: TwilioError, probe: TwilioProbe): Promise<ConnectionProblem> {
  if (isRefusedToken(error)) return problem((await probe.isOfAnotherRegion()) ? 'wrong-region' : 'wrong-token', error);
  if ((error as Partial<TwilioApiError>).twilioCode === ACCOUNT_NOT_ACTIVE) return problem('account-suspended', error);
  if (error.code === 'TWILIO_NOT_FOUND' || error.code === 'TWILIO_AUTHENTICATION') return problem('wrong-token', error);
  return unreachable(error);
}

function apiKeyProblem(error: TwilioError): ConnectionProblem {
  if (isRefusedToken(error)) return problem('api-key-refused', error);
  return error.code === 'TWILIO_AUTHENTICATION' ? problem('api-key-without-rights', error) : unreachable(error);
}

function unreachable(error: TwilioError): ConnectionProblem {
  return { code: 'unreachable', message: error.message, ...saidByTwilio(error) };
}

function problem(code: keyof typeof messages, error?: TwilioError): ConnectionProblem {
  return { code, message: messages[code], ...saidByTwilio(error) };
}

function saidByTwilio(error: TwilioError | undefined): { twilioCode?: number } {
  const { twilioCode } = (error ?? {}) as Partial<TwilioApiError>;
  return twilioCode === undefined ? {} : { twilioCode };
}

function twilioError(error: unknown): TwilioError {
  if (isTwilioError(error)) return error;
  throw error;
}
