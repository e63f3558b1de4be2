import twilio from 'twilio';
import { twilioRequestClient } from '../../src/emulator';

/**
 * The official `twilio` package's client, pointed at a local Twilio.
 *
 * @example
 * const client = officialClientFor(await TwilioEmulator.start());
 */
export function officialClientFor(
  account: { readonly url: string; readonly accountSid: string; readonly authToken: string },
  credentials: { username?: string; password?: string } = {},
): twilio.Twilio {
  return twilio(credentials.username ?? account.accountSid, credentials.password ?? account.authToken, {
    accountSid: account.accountSid,
    httpClient: twilioRequestClient(twilio.RequestClient, account.url, { keepAlive: false }),
  });
}
