/** One thing that is wrong with the configuration, without the value it has. */
export interface ConfigProblem {
  /** The option, and its environment variable where it has one: `accountSid (TWILIO_ACCOUNT_SID)`. */
  readonly name: string;
  /** What has to change; completes the sentence that `name` begins. */
  readonly message: string;
}

/** The configuration cannot be used. Stops the app at start, with everything that has to change in one message. */
export class WhatsappTwilioConfigError extends Error {
  readonly code = 'CONFIG_INVALID';

  constructor(readonly problems: readonly ConfigProblem[]) {
    super(
      'WhatsApp through Twilio cannot start, its configuration needs changes:\n' +
        problems.map(({ name, message }) => `  - ${name} ${message}`).join('\n'),
    );
    this.name = 'WhatsappTwilioConfigError';
  }
}
