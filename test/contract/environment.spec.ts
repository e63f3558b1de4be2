import { messagingWhatsappTwilioIntegrationSpec, WhatsappTwilioConfigError } from 'nestjs-whatsapp-twilio';
import fc from 'fast-check';
import { writeFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { type ModuleVariable, moduleVariables, readEnvironment } from '../../src/whatsapp-twilio/contract/environment';
import { whatsappTwilioConfig } from '../../src/whatsapp-twilio/contract/whatsapp-twilio.config';
import { readServiceConfiguration } from '../../src/service/service-configuration';
import { serviceVariables } from '../../src/service/service-environment';
import { withEnvironment } from '../support/environment';
import { useTemporaryFolder } from '../support/temporary-folder';

const required = {
  TWILIO_ACCOUNT_SID: `AC${'0'.repeat(31)}1`,
  TWILIO_AUTH_TOKEN: '0123456789abcdef0123456789abcdef',
  API_AUTH: 'none',
};

const from = (variables: Record<string, string>) => (name: string) => variables[name];
const serviceOf = (variables: Record<string, string>) => readServiceConfiguration(from(variables));
const optionsOf = (variables: Record<string, string>) => readEnvironment(from(variables)).options;

function refusalOf(variables: Record<string, string>): WhatsappTwilioConfigError {
  try {
    serviceOf(variables);
  } catch (error) {
    if (error instanceof WhatsappTwilioConfigError) return error;
    throw error;
  }
  throw new Error('This environment was taken.');
}

function problemsOf(variables: Record<string, string>): Record<string, string> {
  return Object.fromEntries(refusalOf(variables).problems.map(({ name, message }) => [name, message]));
}

describe('The environment', () => {
  const folder = useTemporaryFolder();
  const fileWith = (content: string) => {
    const path = folder.file(`secret-${Math.random()}`);
    writeFileSync(path, content);
    return path;
  };

  it('gives every option that has a variable', () => {
    const options = optionsOf({
      ...required,
      TWILIO_AUTH_TOKEN_SECONDARY: 'old-token',
      TWILIO_API_KEY_SID: 'SK1',
      TWILIO_API_KEY_SECRET: 'key-secret',
      WHATSAPP_FROM_NUMBER: 'whatsapp:+15551234567',
      TWILIO_MESSAGING_SERVICE_SID: 'MG1',
      TWILIO_API_BASE_URL: 'http://127.0.0.1:4010',
      PUBLIC_URL: 'https://a.example.com, https://b.example.com ,',
      DATABASE_URL: 'sqlite:./a.db',
      WHATSAPP_RATE_LIMIT_RPM: '80',
      WHATSAPP_RETENTION_DAYS: '30',
    });
    expect(options).toEqual({
      accountSid: required.TWILIO_ACCOUNT_SID,
      authToken: [required.TWILIO_AUTH_TOKEN, 'old-token'],
      apiKey: { sid: 'SK1', secret: 'key-secret' },
      fromNumber: 'whatsapp:+15551234567',
      messagingServiceSid: 'MG1',
      apiBaseUrl: 'http://127.0.0.1:4010',
      publicUrl: ['https://a.example.com', 'https://b.example.com'],
      storage: { url: 'sqlite:./a.db' },
      rateLimit: { rpm: 80 },
      retention: { contentDays: 30 },
    });
  });

  it('takes an empty variable, or one of spaces, for one that is not set', () => {
    const empty = Object.fromEntries(
      [...Object.keys(moduleVariables), ...Object.keys(serviceVariables)].flatMap((name) => [
        [name, ' '],
        [`${name}_FILE`, ''],
      ]),
    );
    expect(serviceOf({ ...empty, ...required })).toEqual(serviceOf(required));
  });

  it('has the service keep its messages in a file, and its defaults', () => {
    expect(serviceOf(required)).toEqual({
      service: {
        host: '0.0.0.0',
        port: 3000,
        trustProxy: false,
        logLevel: 'info',
        logFormat: 'json',
        isTwilioCritical: false,
        shutdownDelayMs: 2000,
        apiKeys: 'none',
        apiRateLimitRpm: 600,
        forwardEndpoints: [],
        mayForwardPrivately: false,
      },
      whatsapp: {
        accountSid: required.TWILIO_ACCOUNT_SID,
        authToken: required.TWILIO_AUTH_TOKEN,
        storage: { url: 'sqlite:./data/whatsapp.db' },
      },
    });
  });

  it('is refused with the problems of the module and of the service in one message', () => {
    expect(
      problemsOf({
        TWILIO_AUTH_TOKEN_SECONDARY: 'only-the-second',
        TWILIO_API_KEY_SID: `SK${'0'.repeat(32)}`,
        WHATSAPP_FROM_NUMBER: 'whatsapp:5551234567',
        WHATSAPP_RATE_LIMIT_RPM: 'many',
        WHATSAPP_RETENTION_DAYS: '0',
        PORT: '99999',
        TRUST_PROXY: 'true',
        LOG_LEVEL: 'loud',
        LOG_FORMAT: 'xml',
        HEALTH_TWILIO_CRITICAL: 'maybe',
        API_KEYS: 'no-secret',
        API_RATE_LIMIT_RPM: '0',
        FORWARD_URL: 'ftp://example.com',
        FORWARD_SECRET: 'short',
        FORWARD_ENDPOINTS: '{}',
        FORWARD_PRIVATE: 'yes',
        SHUTDOWN_DELAY_SECONDS: 'soon',
      }),
    ).toEqual({
      FORWARD_SECRET: expect.stringContaining('whsec_'),
      SHUTDOWN_DELAY_SECONDS: expect.stringContaining('0 to 300'),
      'accountSid (TWILIO_ACCOUNT_SID)': expect.stringContaining('is missing'),
      'authToken (TWILIO_AUTH_TOKEN, TWILIO_AUTH_TOKEN_SECONDARY)': expect.stringContaining('is missing'),
      'apiKey.secret (TWILIO_API_KEY_SECRET)': expect.stringContaining('is missing'),
      'fromNumber (WHATSAPP_FROM_NUMBER)': expect.stringContaining('whatsapp:+15551234567'),
      'rateLimit.rpm (WHATSAPP_RATE_LIMIT_RPM)': expect.stringContaining('whole number'),
      'retention.contentDays (WHATSAPP_RETENTION_DAYS)': expect.stringContaining('at least 1 day'),
      PORT: expect.stringContaining('0 to 65535'),
      TRUST_PROXY: expect.stringContaining('number of proxies'),
      LOG_LEVEL: expect.stringContaining('fatal, error, warn, info, debug, verbose'),
      LOG_FORMAT: expect.stringContaining('json, text'),
      HEALTH_TWILIO_CRITICAL: expect.stringContaining('true, false'),
      API_KEYS: expect.stringContaining('name:secret'),
      API_RATE_LIMIT_RPM: expect.stringContaining('whole number'),
      FORWARD_URL: expect.stringContaining('http(s)'),
      FORWARD_ENDPOINTS: expect.stringContaining('JSON list'),
      FORWARD_PRIVATE: expect.stringContaining('refuse, allow'),
    });
  });

  const secrets = Object.entries(moduleVariables)
    .filter(([, { secret }]) => secret)
    .map(([name]) => name as ModuleVariable);

  it('counts what the specification calls a secret, and every credential, as one', () => {
    const { properties } = messagingWhatsappTwilioIntegrationSpec.secretSchema.schema;
    expect(Object.keys(properties)).toEqual(['accountSid', 'authToken']);
    expect(secrets).toEqual([
      'TWILIO_ACCOUNT_SID',
      'TWILIO_AUTH_TOKEN',
      'TWILIO_AUTH_TOKEN_SECONDARY',
      'TWILIO_API_KEY_SID',
      'TWILIO_API_KEY_SECRET',
      'DATABASE_URL',
      'ENCRYPTION_KEYS',
    ]);
  });

  it('reads each secret from the file that NAME_FILE names, without its line end', () => {
    const values: Record<string, string> = Object.fromEntries(secrets.map((name) => [name, `value-of-${name}`]));
    const files = Object.fromEntries(secrets.map((name) => [`${name}_FILE`, fileWith(`${values[name]}\r\n`)]));
    expect(readEnvironment(from(files))).toEqual({ options: optionsOf(values), problems: [] });
  });

  it('reads no file for what is no secret', () => {
    expect(optionsOf({ WHATSAPP_FROM_NUMBER_FILE: fileWith('whatsapp:+15551234567') })).toEqual({});
  });

  it('names a file that is not there, is empty, or stands beside the variable, and says nothing twice', () => {
    expect(
      problemsOf({
        TWILIO_ACCOUNT_SID_FILE: folder.file('not-there'),
        TWILIO_AUTH_TOKEN_FILE: fileWith('\n'),
        TWILIO_API_KEY_SID: `SK${'0'.repeat(32)}`,
        TWILIO_API_KEY_SECRET_FILE: folder.path,
        DATABASE_URL: 'sqlite:a.db',
        DATABASE_URL_FILE: fileWith('sqlite:b.db'),
        API_KEYS_FILE: folder.file('not-there'),
      }),
    ).toEqual({
      TWILIO_ACCOUNT_SID_FILE: 'names a file that cannot be read (ENOENT).',
      TWILIO_AUTH_TOKEN_FILE: 'names a file that is empty.',
      TWILIO_API_KEY_SECRET_FILE: 'names a file that cannot be read (EISDIR).',
      DATABASE_URL: 'and DATABASE_URL_FILE are both set. Set one of them.',
      API_KEYS_FILE: 'names a file that cannot be read (ENOENT).',
    });
  });

  it.each([
    ['0', false],
    ['false', false],
    ['2', [true, true, false]],
    ['10.0.0.0/8, 127.0.0.1', '10.0.0.0/8,127.0.0.1'],
    ['loopback,fd00::/8', 'loopback,fd00::/8'],
  ])('trusts the proxies that TRUST_PROXY=%p names', (text, expected) => {
    const { trustProxy } = serviceOf({ ...required, TRUST_PROXY: text }).service;
    if (typeof trustProxy !== 'function') expect(trustProxy).toEqual(expected);
    else {
      const trusted = [0, 1, 2].map((hop) => trustProxy('192.0.2.1', hop));
      expect(trusted).toEqual(expected === false ? [false, false, false] : expected);
    }
  });

  it.each(['true', '*', '10.0.0.0/33', '1.2.3', '10.0.0.1,', '-1', '100'])('refuses TRUST_PROXY=%p', (text) => {
    expect(Object.keys(problemsOf({ ...required, TRUST_PROXY: text }))).toEqual(['TRUST_PROXY']);
  });

  it('is never shown by the error, whatever it holds', () => {
    const marker = fc.stringMatching(/^[a-zA-Z0-9]{12,20}$/).map((text) => `~${text}`);
    // Every text is a host; a file's name is no secret, but what the variable holds may be one by mistake.
    const names = [
      ...Object.keys(moduleVariables),
      ...Object.keys(serviceVariables),
      ...secrets.map((name) => `${name}_FILE`),
    ];
    const wrong = fc.subarray(
      names.filter((name) => name !== 'HOST'),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(marker, wrong, (value, variables) => {
        // With a space, so that it is no token either.
        const environment = Object.fromEntries(variables.map((name) => [name, `${value} ${value}`]));
        const error = refusalOf(environment);
        for (const shown of [error.message, error.stack, inspect(error, { depth: 9 }), JSON.stringify(error)]) {
          expect(shown).not.toContain(value);
        }
      }),
    );
  });

  it('loaded by ConfigModule shows no secret when it is printed', async () => {
    await withEnvironment(required, async () => {
      const loaded = await Promise.resolve(whatsappTwilioConfig());
      expect(loaded.authToken).toBe(required.TWILIO_AUTH_TOKEN);
      for (const shown of [inspect({ loaded }, { showHidden: true }), JSON.stringify({ loaded })]) {
        expect(shown).not.toContain(required.TWILIO_AUTH_TOKEN);
      }
    });
  });
});
