import 'reflect-metadata';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { converse, summary } from './conversation';
import { startDemo } from './demo';

const EMULATOR_PORT = 4010;
const SERVICE_PORT = 3000;
const TIME_LIMIT_MS = 60_000;

/** The whole journey on this machine: with `--script` it ends by itself, else it stays for you to try. */
async function main(): Promise<void> {
  const isScript = process.argv.includes('--script');
  const demo = await startDemo({ emulator: await portNear(EMULATOR_PORT), service: await portNear(SERVICE_PORT) });
  console.log(`A local Twilio   ${demo.twilio.url}  (its phone page)`);
  console.log(`The service      ${demo.serviceUrl}  (webhook: /webhooks/whatsapp/twilio)\n`);
  try {
    for await (const turn of converse(demo)) {
      console.log(`Ana          ${turn.sent}`);
      console.log(`Blue Whale   ${turn.reply}`);
      console.log(`             ${turn.history.join(' → ')}\n`);
    }
    console.log(summary(demo.twilio));
    if (!isScript) await stay(demo.twilio.url);
  } finally {
    await demo.stop();
  }
}

async function stay(url: string): Promise<void> {
  console.log(`\nOpen ${url} and go on writing as Ana. Ctrl-C ends the demo.`);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
}

/** The usual port, or any other when that one is taken. */
async function portNear(port: number): Promise<number> {
  const probe = createServer();
  probe.listen(port, '127.0.0.1');
  try {
    await once(probe, 'listening');
  } catch {
    probe.listen(0, '127.0.0.1');
    await once(probe, 'listening');
  }
  const { port: free } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return free;
}

if (process.argv.includes('--script')) {
  setTimeout(() => {
    console.error(`The conversation did not end within ${TIME_LIMIT_MS / 1000} s.`);
    process.exit(1);
  }, TIME_LIMIT_MS).unref();
}

main().catch((error: unknown) => {
  console.error(`\nThe demo failed: ${(error as Error).message}`);
  process.exitCode = 1;
});
