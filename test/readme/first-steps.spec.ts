import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { freePort } from '../support/free-port';

const root = join(__dirname, '../..');
const typescript = ['-r', join(__dirname, '../support/register-typescript.cjs')];
const sources = ['-r', join(__dirname, '../support/use-sources.cjs')];

describe('The first steps of the README', () => {
  const running: ChildProcess[] = [];
  afterEach(async () => {
    for (const child of running.splice(0)) {
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }
  });

  /** Starts a file in a process of its own; resolves with what it has written once that fits. */
  function start(file: string, args: string[], env: NodeJS.ProcessEnv, fits: RegExp): Promise<string> {
    const child = spawn(process.execPath, [...typescript, ...sources, join(root, file), ...args], { env });
    running.push(child);
    return new Promise((resolve, reject) => {
      let written = '';
      const read = (chunk: Buffer): void => {
        written += chunk.toString();
        if (fits.test(written)) resolve(written);
      };
      child.stdout.on('data', read);
      child.stderr.on('data', read);
      child.once('exit', () => reject(new Error(`${file} ended:\n${written}`)));
    });
  }

  it('are enough: the app as it is shown, with what the emulator prints, answers a phone', async () => {
    const port = await freePort();
    const webhook = `http://127.0.0.1:${port}/webhooks/whatsapp/twilio`;
    const { PATH } = process.env;
    const printed = await start(
      'src/cli/main.ts',
      ['emulator', '--port', '0', '--webhook', webhook],
      { PATH },
      /Ctrl-C/,
    );
    const environment = parseEnv(printed.slice(printed.indexOf('  TWILIO_ACCOUNT_SID')));
    await start('examples/main.ts', [], { PATH, ...environment, PORT: String(port) }, /successfully started/);
    const events = await fetch(`${environment['TWILIO_API_BASE_URL']}/_emulator/events`);
    const answered = hears(events, '"body":"Hello there! We can answer until');
    await fetch(`${environment['TWILIO_API_BASE_URL']}/_emulator/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ phone: '+15551230001', kind: 'text', text: 'hi' }),
    });
    await answered;
  });
});

async function hears(events: Response, text: string): Promise<void> {
  let heard = '';
  const decoder = new TextDecoder();
  for await (const chunk of events.body!) {
    heard += decoder.decode(chunk, { stream: true });
    if (heard.includes(text)) return;
  }
  throw new Error(`Never heard ${text}`);
}
