/** A handler returned something that cannot be sent. */
export class InvalidReplyError extends Error {
  readonly code = 'INVALID_REPLY';
  readonly retryable = false;

  constructor(handler: string, type: string) {
    super(`${handler} returned a ${type}. Return a text, a content such as { media: url }, or nothing.`);
    this.name = 'InvalidReplyError';
  }
}
