import { WhatsappTwilioConfigError } from 'nestjs-whatsapp-twilio';
import { readEnvironment } from '../../src/whatsapp-twilio/contract/environment';
import { validateOptions } from '../../src/whatsapp-twilio/contract/validate-options';
import { sampleOptions } from '../support/sample-options';

const POSTGRES = 'postgres://app:secret@db/app';

function problemsOf(storage: unknown): string[] {
  try {
    validateOptions({ ...sampleOptions(), storage } as ReturnType<typeof sampleOptions>);
    return [];
  } catch (error) {
    return (error as WhatsappTwilioConfigError).problems.map(({ name, message }) => `${name} ${message}`);
  }
}

describe('The path of the spool', () => {
  it('goes with PostgreSQL', () => {
    expect(problemsOf({ url: POSTGRES, spoolPath: './data/spool.db' })).toEqual([]);
    expect(problemsOf({ url: POSTGRES.replace('postgres', 'postgresql'), spoolPath: '/var/spool/a b.db' })).toEqual([]);
  });

  it.each([['sqlite:./a.db'], ['sqlite::memory:'], [undefined]])('makes no sense with %s', (url) => {
    expect(problemsOf({ url, spoolPath: './spool.db' })).toEqual([
      expect.stringMatching(/^storage\.spoolPath \(SPOOL_PATH\) is for webhooks while PostgreSQL cannot be reached/),
    ]);
  });

  it.each(['', ' ', ':memory:', 'sqlite:./spool.db', 'a\0b', 5, [], 'x'.repeat(5000)])('is not %p', (spoolPath) => {
    expect(problemsOf({ url: POSTGRES, spoolPath })).toEqual([
      'storage.spoolPath (SPOOL_PATH) must be the path of a file, such as ./data/spool.db.',
    ]);
  });

  it('comes from SPOOL_PATH', () => {
    const variables: Record<string, string> = { DATABASE_URL: POSTGRES, SPOOL_PATH: './spool.db' };
    const { options } = readEnvironment((name) => variables[name]);
    expect(options.storage).toEqual({ url: POSTGRES, spoolPath: './spool.db' });
    expect(validateOptions({ ...sampleOptions(), ...options }).spoolPath).toBe('./spool.db');
  });
});
