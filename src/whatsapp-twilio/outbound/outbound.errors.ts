import { CodedError } from '../../common/coded-error';
import type { FieldError } from '../messages/validate-outbound-message';

/** Why `send()` did not take a message. Nothing was stored; told apart by `code`. */
export abstract class OutboundError extends CodedError {}

/** The message breaks rules; `errors` names every field that has to change. */
export class InvalidMessageError extends OutboundError {
  readonly code = 'INVALID_MESSAGE';

  constructor(readonly errors: readonly FieldError[]) {
    super(`The message was not queued:\n${errors.map(({ message }) => `  - ${message}`).join('\n')}`);
  }
}

/** The idempotency key was used before, for a message that differs from this one. */
export class IdempotencyConflictError extends OutboundError {
  readonly code = 'IDEMPOTENCY_CONFLICT';

  constructor(readonly messageId: string) {
    super(
      `The idempotencyKey belongs to message ${messageId}, which differs from this one. ` +
        'Use a new key for a new message.',
    );
  }
}

/** More than 24 hours have passed since the user wrote, and `outsideWindow: 'reject'` was asked for. */
export class OutsideWindowError extends OutboundError {
  readonly code = 'OUTSIDE_WINDOW';

  constructor() {
    super(
      'The user has not written to this sender within 24 hours, so WhatsApp takes only a template. ' +
        "Send { template }, or use outsideWindow: 'hold' to wait for the user.",
    );
  }
}

/** The user asked for no more messages (STOP). They opt in again by writing START. */
export class OptedOutError extends OutboundError {
  readonly code = 'OPTED_OUT';

  constructor() {
    super('The user has opted out of messages, so nothing is sent until they write START or are opted in again.');
  }
}

/** The message has left, or is about to. */
export class NotCancelableError extends OutboundError {
  readonly code = 'NOT_CANCELABLE';

  constructor(readonly status: string) {
    super(`The message is ${status} and can no longer be canceled.`);
  }
}

export class MessageNotFoundError extends OutboundError {
  readonly code = 'MESSAGE_NOT_FOUND';

  constructor() {
    super('There is no message with this id.');
  }
}

/** A message can only be part of a transaction on the database that it is stored in, and SQLite has one writer. */
export class TransactionNotPossibleError extends OutboundError {
  readonly code = 'TRANSACTION_NOT_POSSIBLE';

  constructor() {
    super('send(…, { transaction }) needs a storage.url (DATABASE_URL) that is the PostgreSQL of the transaction.');
  }
}
