import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readServiceConfiguration } from '../../src/service/service-configuration';
import { useTemporaryFolder } from '../support/temporary-folder';

const typescript = join(__dirname, '../support/register-typescript.cjs');

const required = {
  TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
  TWILIO_AUTH_TOKEN: 'a-token',
  API_KEYS: 'app:a-long-enough-secret',
};

describe('The start of the service', () => {
  const folder = useTemporaryFolder();

  /** Resolves once the process has ended by itself. */
  async function failsToStart(variables: Record<string, string>): Promise<{ code: string; message: string }> {
    const env = { PATH: process.env['PATH'], ...required, HOST: '127.0.0.1', LOG_LEVEL: 'fatal', ...variables };
    const file = join(__dirname, 'start-in-child.ts');
    const { stdout } = await promisify(execFile)(process.execPath, ['-r', typescript, file], { env, cwd: folder.path });
    return JSON.parse(stdout) as never;
  }

  it('ends the process where somebody else listens, and says what to change', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const PORT = String((other.address() as AddressInfo).port);
    const failure = await failsToStart({ PORT, DATABASE_URL: `sqlite:${folder.file('a.db')}` });
    other.close();
    expect(failure).toMatchObject({ code: 'CANNOT_LISTEN', message: expect.stringContaining('another PORT') });
  });

  it('ends the process for an address that is not this machine’s', async () => {
    const failure = await failsToStart({ PORT: '0', HOST: '192.0.2.1', DATABASE_URL: 'sqlite::memory:' });
    expect(failure).toMatchObject({ code: 'CANNOT_LISTEN', message: expect.stringContaining('Set HOST') });
  });

  it('names the variable of a database file that is none', async () => {
    writeFileSync(folder.file('text.db'), 'not a database, but long enough to be taken for the head of one'.repeat(10));
    for (const path of [folder.file('text.db'), folder.file('text.db/below.db')]) {
      const failure = await failsToStart({ PORT: '0', DATABASE_URL: `sqlite:${path}` });
      expect(failure).toMatchObject({
        code: 'CONFIG_INVALID',
        message: expect.stringContaining('storage.url (DATABASE_URL) names a file that cannot be used'),
      });
    }
  });
});

function problemsOf(variables: Record<string, string>): string {
  const environment: Record<string, string> = { ...required, ...variables };
  try {
    readServiceConfiguration((name) => environment[name]);
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

describe('Endpoints for events', () => {
  it('are told everything that is wrong with them at once, each by its variable', () => {
    const problems = problemsOf({ FORWARD_URL: 'ftp://example.com', FORWARD_SECRET: 'too-short' });
    expect(problems).toContain('FORWARD_URL must be an http(s) URL');
    expect(problems).toContain('FORWARD_SECRET must be whsec_');
    expect(problems).not.toContain('too-short');
  });

  it('are told once of a secret that cannot be read', () => {
    const problems = problemsOf({ FORWARD_URL: 'https://example.com', FORWARD_SECRET_FILE: '/none' });
    expect(problems.match(/FORWARD_SECRET/g)).toHaveLength(1);
  });
});
