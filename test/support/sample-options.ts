import type { WhatsappTwilioModuleOptions } from 'nestjs-whatsapp-twilio';

/** Options that are in order, with the account of `nestjs-whatsapp-twilio/testing`'s samples. */
export function sampleOptions(overrides: Partial<WhatsappTwilioModuleOptions> = {}): WhatsappTwilioModuleOptions {
  return { accountSid: `AC${'0'.repeat(31)}1`, authToken: '0123456789abcdef0123456789abcdef', ...overrides };
}
