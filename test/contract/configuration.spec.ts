import { defaultOptOutKeywords } from '../../src/whatsapp-twilio/messages/opt-out-keywords';
import { WhatsappTwilioConfigError, type WhatsappTwilioModuleOptions } from 'nestjs-whatsapp-twilio';
import fc from 'fast-check';
import { inspect } from 'node:util';
import { validateOptions } from '../../src/whatsapp-twilio/contract/validate-options';
import { sampleOptions } from '../support/sample-options';

/** The problems of options that a caller without types may give. */
function problemsOf(options: unknown): Record<string, string> {
  const error = refusalOf(options);
  return Object.fromEntries(error.problems.map(({ name, message }) => [name, message]));
}

function refusalOf(options: unknown): WhatsappTwilioConfigError {
  try {
    validateOptions(options as WhatsappTwilioModuleOptions);
  } catch (error) {
    if (error instanceof WhatsappTwilioConfigError) return error;
    throw error;
  }
  throw new Error('These options were taken.');
}

describe('Options', () => {
  it('have a default for everything but the account and its token', () => {
    const { accountSid, authToken } = sampleOptions();
    expect({ ...validateOptions({ accountSid, authToken }) }).toEqual({
      connectionId: 'default',
      accountSid,
      authTokens: [authToken],
      publicUrls: [],
      storageUrl: 'sqlite::memory:',
      rateLimitRpm: 200,
      apiBaseUrl: 'https://api.twilio.com',
      handlers: { concurrency: 20, timeoutMs: 120_000, maxAttempts: 8, retryDelayMs: 1000 },
      reconciliation: { settleAfterMs: 15_000, giveUpAfterMs: 900_000 },
      retention: {},
      events: { log: false, subscribers: [] },
      optOutKeywords: defaultOptOutKeywords,
      encryptionKeys: [],
      rotation: { promoteAfterMs: 5000, overlapMs: 3_600_000 },
    });
  });

  it('are refused with every problem at once, each with its option and its variable', () => {
    const { message, code } = refusalOf({
      accountSid: 'AC12',
      authToken: [],
      apiKey: { sid: 'SK12' },
      fromNumber: '5551234567',
      messagingServiceSid: 'MG12',
      publicUrl: ['https://example.com', 'ftp://example.com'],
      storage: { url: 'mysql://localhost' },
      rateLimit: { rpm: 0 },
      apiBaseUrl: 'https://example.com/path',
      connectionId: 'a/b',
      handlers: { concurrency: 0, timeoutMs: 0.5, maxAttempts: 0, retryDelayMs: -1 },
      retention: { contentDays: 3651 },
      encryptionKeys: 'short',
      rotation: { promoteAfterMs: -1, overlapMs: 0.5 },
    });
    expect(code).toBe('CONFIG_INVALID');
    for (const named of [
      'accountSid (TWILIO_ACCOUNT_SID) must be AC',
      'authToken (TWILIO_AUTH_TOKEN, TWILIO_AUTH_TOKEN_SECONDARY) is missing',
      'apiKey.sid (TWILIO_API_KEY_SID) must be SK',
      'apiKey.secret (TWILIO_API_KEY_SECRET) is missing',
      'fromNumber (WHATSAPP_FROM_NUMBER) must be a WhatsApp sender',
      'messagingServiceSid (TWILIO_MESSAGING_SERVICE_SID) must be MG',
      'publicUrl (PUBLIC_URL) must be the https:// address',
      'storage.url (DATABASE_URL) must be sqlite::memory:',
      'rateLimit.rpm (WHATSAPP_RATE_LIMIT_RPM) must be at least 1',
      'apiBaseUrl (TWILIO_API_BASE_URL) must be an http(s) origin',
      'connectionId must be',
      'encryptionKeys (ENCRYPTION_KEYS) must be a list of id:key',
      'rotation.promoteAfterMs must be at least 0',
      'rotation.overlapMs must be a whole number',
      'handlers.concurrency must be at least 1',
      'handlers.timeoutMs must be a whole number',
      'handlers.maxAttempts must be at least 1',
      'handlers.retryDelayMs must be at least 1',
      'retention.contentDays (WHATSAPP_RETENTION_DAYS) must be at most 3650 days',
    ]) {
      expect(message).toContain(`\n  - ${named}`);
    }
    expect(message.split('\n  - ')).toHaveLength(1 + 19);
  });

  it.each([undefined, null, 'AC1', 5, []])('must be an object: %p', (options) => {
    expect(problemsOf(options)).toEqual({ options: 'must be an object.' });
  });

  it('must not be misspelt, at either depth', () => {
    const misspelt = {
      ...sampleOptions(),
      acountSid: 'AC',
      storage: { path: 'a.db' },
      rateLimit: { rpm: 5, perSecond: 1 },
      handlers: { maxAttempt: 3 },
    };
    expect(problemsOf(misspelt)).toEqual({
      acountSid: expect.stringContaining('The options are accountSid, authToken, apiKey,'),
      'storage.path': 'is not an option. The options are url, spoolPath.',
      'rateLimit.perSecond': 'is not an option. The options are rpm.',
      'handlers.maxAttempt': 'is not an option. The options are concurrency, timeoutMs, maxAttempts, retryDelayMs.',
    });
  });

  it('with fields must be objects, as a default would otherwise be used in silence', () => {
    const flat = { ...sampleOptions(), storage: 'sqlite:./a.db', rateLimit: 100, handlers: [3] };
    expect(problemsOf(flat)).toEqual({
      storage: 'must be an object with url, spoolPath.',
      rateLimit: 'must be an object with rpm.',
      handlers: 'must be an object with concurrency, timeoutMs, maxAttempts, retryDelayMs.',
    });
  });

  it('may be there and undefined', () => {
    const options = {
      fromNumber: undefined,
      publicUrl: undefined,
      storage: undefined,
      apiKey: undefined,
      handlers: {},
    };
    expect(() => validateOptions(sampleOptions(options as Partial<WhatsappTwilioModuleOptions>))).not.toThrow();
  });

  it.each([
    ['one', 'a-token', ['a-token']],
    ['the primary and those of a rotation', ['new', 'old'], ['new', 'old']],
  ])('take %s auth token', (_name, authToken, authTokens) => {
    expect(validateOptions(sampleOptions({ authToken })).authTokens).toEqual(authTokens);
  });

  it.each([
    ['five tokens', ['1', '2', '3', '4', '5'], /one to four/],
    ['the same token twice', ['same', 'same'], /twice/],
    ['a token with a space', 'a b', /without spaces/],
    ['the placeholder ***', '***', /auth token/],
    ['a token that is no text', [5], /auth token/],
    ['an empty token', '', /is missing/],
  ])('refuse %s', (_name, authToken, message) => {
    const problems = problemsOf({ ...sampleOptions(), authToken });
    expect(problems).toEqual({
      'authToken (TWILIO_AUTH_TOKEN, TWILIO_AUTH_TOKEN_SECONDARY)': expect.stringMatching(message),
    });
  });

  it.each([
    ['sid', { secret: 'x' }, 'apiKey.sid (TWILIO_API_KEY_SID)'],
    ['secret', { sid: `SK${'0'.repeat(32)}` }, 'apiKey.secret (TWILIO_API_KEY_SECRET)'],
  ])('refuse an API key without its %s', (_half, apiKey, name) => {
    expect(problemsOf({ ...sampleOptions(), apiKey })).toEqual({
      [name]: expect.stringContaining('Give both or neither'),
    });
  });

  it.each([
    ['https://example.com', true],
    ['https://example.com/webhooks/whatsapp/twilio', true],
    ['http://127.0.0.1:3000', true],
    ['https://user:secret@example.com', true],
    ['https://my_host.example.com', false],
    ['https://example.com/?a=b', false],
    ['https://example.com/#a', false],
    ['example.com', false],
    ['https://', false],
    [5, false],
  ])('publicUrl %p: taken is %p', (publicUrl, isTaken) => {
    const validate = () => validateOptions(sampleOptions({ publicUrl } as Partial<WhatsappTwilioModuleOptions>));
    if (isTaken) expect(validate().publicUrls).toEqual([publicUrl]);
    else expect(validate).toThrow(/publicUrl \(PUBLIC_URL\)/);
  });

  it('take several public URLs and keep their order', () => {
    const publicUrl = ['https://a.example.com', 'https://b.example.com'];
    expect(validateOptions(sampleOptions({ publicUrl })).publicUrls).toEqual(publicUrl);
  });

  it.each(['http://user@127.0.0.1', 'http://:secret@127.0.0.1', 'http://127.0.0.1/v1', 'ftp://127.0.0.1', ''])(
    'refuse %p as the API base URL',
    (apiBaseUrl) => {
      expect(problemsOf(sampleOptions({ apiBaseUrl }))).toEqual({
        'apiBaseUrl (TWILIO_API_BASE_URL)': expect.stringContaining('origin without a path'),
      });
    },
  );

  it.each([['status'], [''], ['a b'], ['-a'], ['a'.repeat(65)]])('refuse %p as a connection id', (connectionId) => {
    expect(Object.keys(problemsOf(sampleOptions({ connectionId })))).toEqual(['connectionId']);
  });

  it('never show a value they refuse, wherever it stands', () => {
    const marker = fc.stringMatching(/^[a-zA-Z0-9]{12,20}$/).map((text) => `#${text}`);
    const option = fc.constantFrom<(value: unknown) => object>(
      (accountSid) => ({ accountSid }),
      (authToken) => ({ authToken: `${String(authToken)} ` }),
      (token) => ({ authToken: ['fine', token, token] }),
      (sid) => ({ apiKey: { sid, secret: `${String(sid)} x` } }),
      (apiKey) => ({ apiKey }),
      (fromNumber) => ({ fromNumber }),
      (messagingServiceSid) => ({ messagingServiceSid }),
      (publicUrl) => ({ publicUrl }),
      (value) => ({ publicUrl: ['https://example.com', { value }] }),
      (url) => ({ storage: { url } }),
      (storage) => ({ storage }),
      (rpm) => ({ rateLimit: { rpm } }),
      (apiBaseUrl) => ({ apiBaseUrl }),
      (connectionId) => ({ connectionId }),
      (concurrency) => ({ handlers: { concurrency, timeoutMs: concurrency, maxAttempts: [concurrency] } }),
      (unheardOf) => ({ unheardOf }),
    );
    fc.assert(
      fc.property(marker, fc.uniqueArray(option, { minLength: 1, maxLength: 6 }), (value, refused) => {
        const options = Object.assign({}, sampleOptions(), ...refused.map((make) => make(value))) as unknown;
        const error = refusalOf(options);
        for (const shown of [error.message, error.stack, inspect(error, { depth: 9 }), JSON.stringify(error)]) {
          expect(shown).not.toContain(value);
        }
      }),
    );
  });
});

describe('Settings', () => {
  const secrets = {
    accountSid: `AC${'a'.repeat(32)}`,
    authToken: ['primary-token', 'secondary-token'],
    apiKey: { sid: `SK${'b'.repeat(32)}`, secret: 'key-secret' },
    storage: { url: 'sqlite:./a.db' },
    publicUrl: 'https://user:url-secret@example.com',
  };

  it('show no secret when they are printed or serialised', () => {
    const settings = validateOptions(secrets);
    for (const shown of [
      inspect(settings, { depth: 9, showHidden: true }),
      inspect({ settings }),
      JSON.stringify({ settings }),
    ]) {
      expect(shown).toContain('default');
      expect(shown).not.toMatch(/token|secret|aaaa|bbbb/);
    }
  });

  it('cannot be changed', () => {
    expect(Object.isFrozen(validateOptions(secrets))).toBe(true);
  });
});
