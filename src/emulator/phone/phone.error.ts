/** Asks of a phone what it cannot do: tap a button that it does not show, or wait for what does not come. */
export class PhoneError extends Error {
  override readonly name = 'PhoneError';
  readonly retryable = false;

  constructor(
    readonly code: 'NOT_ON_PHONE' | 'NO_MESSAGE_CAME',
    message: string,
  ) {
    super(message);
  }
}
