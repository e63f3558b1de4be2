#!/usr/bin/env node
import { CliError } from './cli.error';
import { doctor } from './doctor';
import { emulator } from './emulator';
import { simulate } from './simulate';

const commands: Readonly<Record<string, (args: string[]) => Promise<void>>> = { doctor, emulator, simulate };

const USAGE = `Usage: whatsapp-twilio <command> [options]

  doctor      checks the configuration in the environment, the credentials and the webhook's address
              --json                    machine-readable
  emulator    runs a local Twilio with a phone page
              --port <number>           default 4010
              --webhook <url>           where messages go; default http://127.0.0.1:3000/webhooks/whatsapp/twilio
              --account-sid <AC…>       what the app has; default AC and 32 zeros
              --auth-token <token>      what the app has; default 32 zeros
              --sender <whatsapp:+…>    default whatsapp:+15550006789
  simulate    plays a scenario (YAML) against an app: whatsapp-twilio simulate scenario.yaml --webhook <url>
              --webhook <url>           where the app takes inbound messages
              --status <url>            where it takes status callbacks of messages that name no URL
              --port <number>           where the app finds Twilio; default 4010
              --account-sid <AC…>       what the app has; default AC and 32 zeros
              --auth-token <token>      what the app has; default 32 zeros
              --sender <whatsapp:+…>    default whatsapp:+15550006789
              --json                    machine-readable
`;

async function main([name, ...args]: string[]): Promise<void> {
  if (name === undefined || name === 'help' || [name, ...args].some((word) => word === '--help' || word === '-h')) {
    process.stdout.write(USAGE);
    return;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) throw new CliError(`There is no command "${name}".\n\n${USAGE}`);
  await command(args);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const isForPeople =
    error instanceof CliError || ['CONFIG_INVALID', 'EADDRINUSE'].includes((error as { code?: string }).code ?? '');
  process.stderr.write(`${isForPeople ? (error as Error).message : ((error as Error).stack ?? String(error))}\n`);
  process.exitCode = 1;
});
