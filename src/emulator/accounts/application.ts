/**
 * A TwiML application. Messages that name it, and no `StatusCallback`, are reported to its message status URL; of what is
 * for calls and SMS it only keeps what it was given.
 *
 * @see https://www.twilio.com/docs/usage/api/applications
 */
export interface TwimlApplication {
  /** `AP…` */
  readonly sid: string;
  readonly createdAt: number;
  updatedAt: number;
  friendlyName: string;
  messageStatusCallback: string | null;
  /** By the name that its resource gives it: `voice_url`, `sms_method` … */
  settings: Readonly<Record<string, string | boolean>>;
}
