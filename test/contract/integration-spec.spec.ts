import { messagingWhatsappTwilioIntegrationSpec } from 'nestjs-whatsapp-twilio';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { validateOptions } from '../../src/whatsapp-twilio/contract/validate-options';
import { sampleOptions } from '../support/sample-options';

/** The specification, restated by hand: a change of the data has to be made twice to go unnoticed. */
const specification = {
  meta: {
    key: 'messaging.whatsapp.twilio',
    version: '1.0.0',
    category: 'messaging',
    title: 'WhatsApp via Twilio',
    description: 'Twilio-powered WhatsApp integration for inbound webhooks and outbound conversational messaging.',
    domain: 'communications',
    owners: ['platform.messaging'],
    tags: ['messaging', 'whatsapp', 'twilio'],
    stability: 'beta',
  },
  supportedModes: ['managed', 'byok'],
  transports: [
    { type: 'rest', baseUrl: 'https://api.twilio.com' },
    {
      type: 'webhook',
      inbound: { signatureHeader: 'x-twilio-signature', signingAlgorithm: 'hmac-sha1' },
    },
  ],
  preferredTransport: 'rest',
  supportedAuthMethods: [{ type: 'basic' }],
  capabilities: {
    provides: [
      { key: 'messaging.inbound', version: '1.0.0' },
      { key: 'messaging.outbound', version: '1.0.0' },
    ],
  },
  configSchema: {
    schema: {
      type: 'object',
      properties: {
        fromNumber: {
          type: 'string',
          description: 'Default WhatsApp-enabled Twilio sender number (e.g. whatsapp:+15551234567).',
        },
      },
    },
    example: { fromNumber: 'whatsapp:+15551234567' },
  },
  secretSchema: {
    schema: {
      type: 'object',
      required: ['accountSid', 'authToken'],
      properties: {
        accountSid: { type: 'string', description: 'Twilio account SID.' },
        authToken: { type: 'string', description: 'Twilio auth token.' },
      },
    },
    example: { accountSid: 'ACxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', authToken: '***' },
  },
  healthCheck: { method: 'custom', timeoutMs: 4000 },
  docsUrl: 'https://www.twilio.com/docs/whatsapp',
  constraints: { rateLimit: { rpm: 200 } },
  byokSetup: {
    setupInstructions:
      'Create a Twilio project with WhatsApp sender provisioning, then provide account SID/auth token and sender number.',
    keyRotationSupported: true,
    quotaTrackingSupported: false,
  },
};

describe('messaging.whatsapp.twilio', () => {
  it('has every value of the specification, and nothing else', () => {
    expect(messagingWhatsappTwilioIntegrationSpec).toStrictEqual(specification);
  });

  it('is frozen at every depth', () => {
    const notFrozen: string[] = [];
    const visit = (value: unknown, path: string) => {
      if (typeof value !== 'object' || value === null) return;
      if (!Object.isFrozen(value)) notFrozen.push(path);
      for (const [key, inner] of Object.entries(value)) visit(inner, `${path}.${key}`);
    };
    visit(messagingWhatsappTwilioIntegrationSpec, 'spec');
    expect(notFrozen).toEqual([]);
  });

  it('gives the module its base URL and its rate', () => {
    expect(validateOptions(sampleOptions())).toMatchObject({ apiBaseUrl: 'https://api.twilio.com', rateLimitRpm: 200 });
  });

  it('has examples that its own validation takes for placeholders, not for credentials', () => {
    const { accountSid, authToken } = messagingWhatsappTwilioIntegrationSpec.secretSchema.example;
    const { fromNumber } = messagingWhatsappTwilioIntegrationSpec.configSchema.example;
    expect(() => validateOptions({ accountSid, authToken, fromNumber })).toThrow(
      expect.objectContaining({
        problems: [
          expect.objectContaining({ name: expect.stringContaining('accountSid') }),
          expect.objectContaining({ name: expect.stringContaining('authToken') }),
        ],
      }) as Error,
    );
  });

  // The emulator and the signer for tests stand on Twilio's side, and must be able to disagree with ours.
  const src = join(__dirname, '../../src');
  const home = 'whatsapp-twilio/contract/messaging.whatsapp.twilio.ts';
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .map((file) => relative(src, join(src, file)))
    .filter((file) => file.endsWith('.ts') && file !== home && !/^(emulator|testing)\//.test(file));

  it.each([
    ['the base URL', /https:\/\/api\.twilio\.com/i],
    ['the signature header', /['"`]x-twilio-signature['"`]/i],
    ['the algorithm', /hmac-sha1/i],
    ['the time limit of the health check', /(?<![\d_])4_?000(?![\d_])/],
    ['the rate', /(rpm|rate)\w*['"]?\s*(=|:|\?\?|\|\|)\s*200(?!\d)/i],
  ])('is the only place that states %s', (_what, pattern) => {
    expect(pattern.test(readFileSync(join(src, home), 'utf8'))).toBe(true);
    const others = files.filter((file) => pattern.test(withoutComments(readFileSync(join(src, file), 'utf8'))));
    expect(others).toEqual([]);
  });
});

function withoutComments(source: string): string {
  return source.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(?<!:)\/\/.*$/gm, '');
}
