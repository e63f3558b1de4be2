import { CodedError } from '../../common/coded-error';
import type { FieldError } from '../messages/field-errors';
import type { ConnectionProblem } from './probe-connection';

/** Why something could not be done with a connection. Nothing was changed; told apart by `code`. */
export abstract class ConnectionError extends CodedError {}

/** What was given breaks rules; `errors` names every field that has to change. */
export class InvalidConnectionError extends ConnectionError {
  readonly code = 'INVALID_CONNECTION';

  constructor(readonly errors: readonly FieldError[]) {
    super(`The connection was not stored:\n${errors.map(({ message }) => `  - ${message}`).join('\n')}`);
  }
}

export class ConnectionNotFoundError extends ConnectionError {
  readonly code = 'CONNECTION_NOT_FOUND';

  constructor() {
    super('There is no stored connection with this id.');
  }
}

/** Another connection has the same account and sender, so webhooks could not be told apart. */
export class ConnectionConflictError extends ConnectionError {
  readonly code = 'CONNECTION_CONFLICT';
}

/** Somebody else changed the connection in this moment. */
export class ConnectionChangedError extends ConnectionError {
  readonly code = 'CONNECTION_CHANGED';
  override readonly retryable = true;

  constructor() {
    super('The connection was changed by somebody else in this moment. Read it again, then try again.');
  }
}

/** Twilio does not take the credentials, or does not know the sender. `problems` says what is wrong. */
export class ConnectionRefusedError extends ConnectionError {
  readonly code = 'CONNECTION_REFUSED';
  /** Twilio's error code, if it gave one. */
  readonly twilioCode?: number;

  constructor(readonly problems: readonly ConnectionProblem[]) {
    super(`Twilio does not accept the connection: ${problems.map(({ message }) => message).join(' ')}`);
    const { twilioCode } = problems.find((problem) => problem.twilioCode !== undefined) ?? {};
    if (twilioCode !== undefined) this.twilioCode = twilioCode;
  }
}

/** Twilio could not be asked whether the credentials work. */
export class TwilioNotAskedError extends ConnectionError {
  readonly code = 'TWILIO_UNREACHABLE';
  override readonly retryable = true;

  constructor(message: string) {
    super(`Twilio could not be asked whether the connection works, so it was not stored: ${message} Try again later.`);
  }
}

/** There is no key to store secrets with. */
export class EncryptionKeysRequiredError extends ConnectionError {
  readonly code = 'ENCRYPTION_KEYS_REQUIRED';

  constructor() {
    super('Secrets are stored encrypted only. Set encryptionKeys (ENCRYPTION_KEYS), then try again.');
  }
}

/** The token is being rotated, which has to end first. */
export class RotationUnderWayError extends ConnectionError {
  readonly code = 'ROTATION_UNDER_WAY';

  constructor() {
    super('The token of this connection is being rotated. Wait until that is done, or abort it.');
  }
}

export class RotationNotFoundError extends ConnectionError {
  readonly code = 'ROTATION_NOT_FOUND';

  constructor() {
    super('No rotation of this connection is under way.');
  }
}

/** The new token is the primary one already, and the old one dead. */
export class RotationNotAbortableError extends ConnectionError {
  readonly code = 'ROTATION_NOT_ABORTABLE';

  constructor() {
    super('Twilio has promoted the new token, or is about to: the old one cannot come back. The rotation goes on.');
  }
}

/** The connection comes from the configuration or from the host, and can only be changed there. */
export class ConnectionNotStoredError extends ConnectionError {
  readonly code = 'CONNECTION_NOT_STORED';

  constructor() {
    super(
      'This connection is not stored here: change it in the configuration (TWILIO_AUTH_TOKEN, …), or where the ' +
        "host's ConnectionProvider takes it from.",
    );
  }
}
