import { CodedError } from '../../common/coded-error';

/** What was asked of a conversation that cannot be; told apart by `code`. */
export abstract class ConversationError extends CodedError {}

export class InvalidAddressError extends ConversationError {
  readonly code = 'INVALID_ADDRESS';
  readonly field = 'address';

  constructor() {
    super('The address must be a phone number in E.164 such as +15551230001, or a business-scoped user id.');
  }
}

export class UnknownConnectionError extends ConversationError {
  readonly code = 'UNKNOWN_CONNECTION';

  constructor() {
    super('There is no connection with this id.');
  }
}

/** Nobody with this address has written to us or was written to. */
export class ConversationNotFoundError extends ConversationError {
  readonly code = 'CONVERSATION_NOT_FOUND';

  constructor() {
    super('There is no conversation with this user, or the user has not written in it.');
  }
}
