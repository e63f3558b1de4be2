import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInChildProcess } from '../support/child-process';
import { type FakeHttpServer, startFakeHttpServer } from '../support/fake-http-server';

const MAIN = join(__dirname, '../../src/cli/main.ts');
const EXAMPLES = join(__dirname, '../../examples/scenarios');

interface Failure {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const failing = (run: Promise<string>): Promise<Failure> =>
  run.then(
    () => Promise.reject(new Error('passed')),
    (error: Failure) => error,
  );

/** An app in no language in particular, which answers a greeting with TwiML. */
describe('whatsapp-twilio simulate', () => {
  let app: FakeHttpServer;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'scenario-'));
    app = await startFakeHttpServer((request, response) => {
      const body = new URLSearchParams(request.body).get('Body') ?? '';
      const answer = body.startsWith('hi') ? '<Message>Hello!</Message>' : '';
      response.writeHead(200, { 'content-type': 'text/xml' }).end(`<Response>${answer}</Response>`);
    });
  });
  afterAll(async () => {
    await app.close();
    await rm(folder, { recursive: true });
  });

  const simulate = (file: string, ...more: string[]) =>
    runInChildProcess(MAIN, 'simulate', file, '--webhook', `${app.origin}/inbound`, '--port', '0', ...more);

  it.each(['first-hello', 'late-and-unlucky'])('plays the example %s', async (name) => {
    const report = await simulate(join(EXAMPLES, `${name}.yaml`));
    expect(report).toMatch(/ok +ana sends hi \(\d+ ms\)/);
    expect(report).toMatch(/^\d+ passed, 0 failed, 0 skipped$/m);
  });

  it('ends with exit code 1 and the reason where a step fails, for machines too', async () => {
    const file = join(folder, 'failing.yaml');
    await writeFile(
      file,
      'phones: { ana: "+15551230001" }\nsteps:\n  - ana: { sends: bye }\n  - ana: { receives: Bye, within: 10ms }\n',
    );
    const people = await failing(simulate(file));
    expect(people).toMatchObject({ code: 1, stdout: expect.stringMatching(/FAIL +ana receives Bye\n.*No message/) });
    const { stdout } = await failing(simulate(file, '--json'));
    expect(JSON.parse(stdout)).toMatchObject({ passed: false, steps: [{ outcome: 'passed' }, { outcome: 'failed' }] });
  });

  it('says what is wrong with the file, and with the call', async () => {
    const file = join(folder, 'wrong.yaml');
    await writeFile(file, 'phones: { ana: "+15551230001" }\nsteps: [{ ana: { shouts: hi } }]\n');
    expect((await failing(simulate(file))).stderr).toMatch(/wrong.yaml: steps\[0\].ana has to have one of sends/);
    expect((await failing(simulate(join(folder, 'none.yaml')))).stderr).toMatch(/Cannot read .*none.yaml/);
    expect((await failing(runInChildProcess(MAIN, 'simulate', file))).stderr).toMatch(/--webhook is missing/);
    const example = join(EXAMPLES, 'first-hello.yaml');
    expect((await failing(simulate(example, '--status', 'nowhere'))).stderr).toMatch(/^--status must be an address/);
  });
});

describe('whatsapp-twilio emulator', () => {
  it('says what is wrong with an address, and ends', async () => {
    for (const webhook of ['nowhere', 'ftp://example.com/hook']) {
      const emulator = runInChildProcess(MAIN, 'emulator', '--port', '0', '--webhook', webhook);
      expect(await failing(emulator)).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/^--webhook must be an/),
      });
    }
  });

  it('explains itself, also behind the name of the command', async () => {
    expect(await runInChildProcess(MAIN, 'emulator', '--help')).toMatch(/^Usage: whatsapp-twilio <command>/);
  });
});
