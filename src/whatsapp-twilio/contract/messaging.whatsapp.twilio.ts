import type { IntegrationSpec } from './integration-spec';

/**
 * The integration that this package implements, as data: `messaging.whatsapp.twilio` 1.0.0. The code takes its base
 * URL, signature header, algorithm, time limit and rate from here. Deeply frozen.
 */
export const messagingWhatsappTwilioIntegrationSpec = deepFreeze({
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
    { type: 'webhook', inbound: { signatureHeader: 'x-twilio-signature', signingAlgorithm: 'hmac-sha1' } },
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
} as const satisfies IntegrationSpec);

const [rest, webhook] = messagingWhatsappTwilioIntegrationSpec.transports;

/** The values of the specification that the code works with, under the names it uses them by. */
export const twilioApiBaseUrl = rest.baseUrl;
/** Where auth tokens are managed; https://www.twilio.com/docs/iam/api/authtoken. */
export const twilioAccountsBaseUrl = 'https://accounts.twilio.com';
/** Where senders and services are managed; https://www.twilio.com/docs/whatsapp/api/senders. */
export const twilioMessagingBaseUrl = 'https://messaging.twilio.com';
export const { signatureHeader, signingAlgorithm } = webhook.inbound;
export const healthCheckTimeoutMs = messagingWhatsappTwilioIntegrationSpec.healthCheck.timeoutMs;
export const defaultRateLimitRpm = messagingWhatsappTwilioIntegrationSpec.constraints.rateLimit.rpm;

function deepFreeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) {
    if (typeof inner === 'object' && inner !== null) deepFreeze(inner);
  }
  return Object.freeze(value);
}
