import { CodedError } from '../../common/coded-error';

/** A handler returned something that cannot be sent. */
export class InvalidReplyError extends CodedError {
  readonly code = 'INVALID_REPLY';

  constructor(handler: string, type: string) {
    super(`${handler} returned a ${type}. Return a text, a content such as { media: url }, or nothing.`);
  }
}
