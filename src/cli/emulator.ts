import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { TwilioEmulator, type TwilioEmulatorOptions } from '../emulator';
import { CliError } from './cli.error';
import { readOptions } from './options';

/** Runs a local Twilio until Ctrl-C, and prints what an app needs to use it. */
export async function emulator(args: string[]): Promise<void> {
  const options = readOptions(() =>
    parseArgs({
      args,
      options: {
        port: { type: 'string', default: '4010' },
        webhook: { type: 'string', default: 'http://127.0.0.1:3000/webhooks/whatsapp/twilio' },
        'account-sid': { type: 'string' },
        'auth-token': { type: 'string' },
        sender: { type: 'string' },
      },
    }),
  );
  const twilio = await startEmulator({
    port: portOf(options.port),
    webhookUrl: options.webhook,
    ...(options['account-sid'] !== undefined && { accountSid: options['account-sid'] }),
    ...(options['auth-token'] !== undefined && { authToken: options['auth-token'] }),
    ...(options.sender !== undefined && { sender: options.sender }),
  });
  process.stdout.write(`A local Twilio with a phone: ${twilio.url}
Messages go to ${options.webhook}

For your app's environment:
  TWILIO_ACCOUNT_SID=${twilio.accountSid}
  TWILIO_AUTH_TOKEN=${twilio.authToken}
  WHATSAPP_FROM_NUMBER=${twilio.sender}
  TWILIO_API_BASE_URL=${twilio.url}
  PUBLIC_URL=${new URL(options.webhook).origin}

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
