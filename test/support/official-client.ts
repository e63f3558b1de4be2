import twilio from 'twilio';
import type RequestClient from 'twilio/lib/base/RequestClient';

type RequestOptions<T> = RequestClient.RequestOptions<T>;

/** Sends the official client's calls to another origin; everything else about them stays as the package makes it. */
class RedirectedClient extends twilio.RequestClient {
  constructor(private readonly origin: string) {
    super({ keepAlive: false });
  }

  override request<T>(options: RequestOptions<T>) {
    const { pathname, search } = new URL(options.uri);
    return super.request({ ...options, uri: this.origin + pathname + search });
  }
}

/**
 * The official `twilio` package's client, pointed at a local Twilio.
 *
 * @example
 * const client = officialClientFor(await TwilioEmulator.start());
 */
export function officialClientFor(
  emulator: { readonly url: string; readonly accountSid: string; readonly authToken: string },
  credentials: { username?: string; password?: string } = {},
): twilio.Twilio {
  return twilio(credentials.username ?? emulator.accountSid, credentials.password ?? emulator.authToken, {
    accountSid: emulator.accountSid,
    httpClient: new RedirectedClient(emulator.url),
  });
}
