import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { TwilioEmulator, type TwilioEmulatorOptions } from '../emulator';
import { CliError } from './cli.error';
import { readOptions, urlOf } from './options';

/** What an application has in its environment unless it is told otherwise: the same at each start. */
export const ACCOUNT_SID = `AC${'0'.repeat(32)}`;
export const AUTH_TOKEN = '0'.repeat(32);

/** Runs a local Twilio until Ctrl-C, and prints what an app needs to use it. */
export async function emulator(args: string[]): Promise<void> {
  const options = readOptions(() =>
    parseArgs({
      args,
      options: {
        port: { type: 'string', default: '4010' },
        webhook: { type: 'string', default: 'http://127.0.0.1:3000/webhooks/whatsapp/twilio' },
        'account-sid': { type: 'string', default: ACCOUNT_SID },
        'auth-token': { type: 'string', default: AUTH_TOKEN },
        sender: { type: 'string' },
      },
    }),
  );
  const webhookUrl = urlOf('--webhook', options.webhook);
  const twilio = await startEmulator({
    port: portOf(options.port),
    webhookUrl,
    accountSid: options['account-sid'],
    authToken: options['auth-token'],
    ...(options.sender !== undefined && { sender: options.sender }),
  });
  process.stdout.write(`A local Twilio; open ${twilio.url} for its phone
Messages go to ${webhookUrl}

For your app's environment (.env):
  TWILIO_ACCOUNT_SID=${twilio.accountSid}
  TWILIO_AUTH_TOKEN=${twilio.authToken}
  WHATSAPP_FROM_NUMBER=${twilio.sender}
  TWILIO_API_BASE_URL=${twilio.url}
  PUBLIC_URL=${new URL(webhookUrl).origin}

Ctrl-C ends it.
`);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  await twilio.stop();
}

/** @throws CliError for a port that is taken and for what is no account or sender. */
export async function startEmulator(options: TwilioEmulatorOptions): Promise<TwilioEmulator> {
  try {
    return await TwilioEmulator.start(options);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'EADDRINUSE') throw new CliError('The port is taken. Choose another with --port.');
    if (error instanceof RangeError) throw new CliError(error.message);
    throw error;
  }
}

export function portOf(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new CliError('--port must be a number from 0 to 65535.');
  return port;
}
