import twilio from 'twilio';
import { twilioRequestClient } from '../../src/emulator';
import { assertExchange } from './twilio-openapi';

/**
 * The official `twilio` package's client, pointed at a local Twilio. Every call and every answer is held to Twilio's
 * published description.
 *
 * @example
 * const client = officialClientFor(await TwilioEmulator.start());
 */
export function officialClientFor(
  account: { readonly url: string; readonly accountSid: string; readonly authToken: string },
  credentials: { username?: string; password?: string } = {},
): twilio.Twilio {
  const httpClient = twilioRequestClient(twilio.RequestClient, account.url, { keepAlive: false });
  const request = httpClient.request.bind(httpClient);
  httpClient.request = async (options) => {
    const response = await request(options);
    const { pathname, searchParams } = new URL(options.uri);
    const isJson = options.headers?.['Content-Type'] === 'application/json';
    const fields = isJson ? {} : { ...options.params, ...Object(options.data) };
    const isTwilios = String(httpClient.lastResponse?.headers['content-type'] ?? '').startsWith('application/json');
    if (isTwilios || response.statusCode < 400) {
      assertExchange({
        method: options.method.toUpperCase(),
        path: pathname,
        parameters: parametersOf(fields, searchParams),
        ...(isJson ? { json: toPlain(options.data) } : {}),
        status: response.statusCode,
        body: response.body,
      });
    }
    return response;
  };
  return twilio(credentials.username ?? account.accountSid, credentials.password ?? account.authToken, {
    accountSid: account.accountSid,
    httpClient,
  });
}

function parametersOf(fields: Readonly<Record<string, unknown>>, query: URLSearchParams): URLSearchParams {
  const parameters = new URLSearchParams(query);
  for (const [name, value] of Object.entries(fields)) {
    for (const entry of [value].flat()) if (isText(entry)) parameters.append(name, String(entry));
  }
  return parameters;
}

function isText(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

function toPlain(data: unknown): unknown {
  const plain: unknown = typeof data === 'string' ? JSON.parse(data) : JSON.parse(JSON.stringify(data ?? null));
  return plain;
}
