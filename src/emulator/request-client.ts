/** The official package's `RequestClient`, or a class like it. */
export type RequestClientClass = new (...args: never[]) => { request(options: never): unknown };

/**
 * The official `twilio` package's HTTP client, sending to another origin; everything else stays as the package makes it.
 * The class is passed in, so that nothing here depends on the package.
 *
 * @example
 * const client = twilio(emulator.accountSid, emulator.authToken, {
 *   httpClient: twilioRequestClient(twilio.RequestClient, emulator.url),
 * });
 */
export function twilioRequestClient<RequestClient extends RequestClientClass>(
  Base: RequestClient,
  origin: string,
  ...options: ConstructorParameters<RequestClient>
): InstanceType<RequestClient> {
  const client: { request(options: { uri: string }): unknown } = new Base(...options);
  const request = client.request.bind(client);
  client.request = (call) => {
    const { pathname, search } = new URL(call.uri);
    return request({ ...call, uri: origin + pathname + search });
  };
  return client as InstanceType<RequestClient>;
}
