/** An error that is told apart by its `code` and not its class: two copies of the package can be loaded. */
export abstract class CodedError extends Error {
  abstract readonly code: string;
  /** Whether the same call may go better later. */
  readonly retryable: boolean = false;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}
