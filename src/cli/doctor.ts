import { parseArgs } from 'node:util';
import { systemClock } from '../common/clock';
import { loadDotEnv, readServiceConfiguration } from '../service/service-configuration';
import { managedConnection } from '../whatsapp-twilio/connections/connection';
import { configServiceReader } from '../whatsapp-twilio/contract/environment';
import { healthCheckTimeoutMs } from '../whatsapp-twilio/contract/messaging.whatsapp.twilio';
import { validateOptions } from '../whatsapp-twilio/contract/validate-options';
import { probeTwilio } from '../whatsapp-twilio/health/probe-twilio';
import { TwilioClient } from '../whatsapp-twilio/twilio/twilio-client';
import { defaultWebhookPath } from '../whatsapp-twilio/whatsapp-twilio.options';
import { readOptions } from './options';

interface Finding {
  readonly check: 'configuration' | 'twilio' | 'sender' | 'webhook';
  readonly ok: boolean;
  readonly message: string;
}

/** Looks at everything that commonly keeps messages from coming or going. Exit code 1 if something has to change. */
export async function doctor(args: string[]): Promise<void> {
  const { json } = readOptions(() => parseArgs({ args, options: { json: { type: 'boolean', default: false } } }));
  const findings = await examine();
  process.stdout.write(
    json
      ? `${JSON.stringify(findings, null, 2)}\n`
      : findings.map(({ ok, check, message }) => `${ok ? 'ok  ' : 'FAIL'}  ${check}: ${message}\n`).join(''),
  );
  if (findings.some(({ ok }) => !ok)) process.exitCode = 1;
}

/** An app that has the module alone has no REST API, and so no keys for it. */
function read(name: string): string | undefined {
  const variable = configServiceReader();
  const hasKeys = Boolean(variable('API_KEYS') || variable('API_KEYS_FILE'));
  return variable(name) ?? (name === 'API_AUTH' && !hasKeys ? 'none' : undefined);
}

async function examine(): Promise<Finding[]> {
  loadDotEnv();
  const settings = validateOptions(readServiceConfiguration(read).whatsapp);
  const connection = managedConnection(settings);
  const client = new TwilioClient({
    accountSid: connection.accountSid,
    ...connection.credentials[0],
    baseUrl: settings.apiBaseUrl,
  });
  const health = await probeTwilio(client, {
    canReadAccount: !connection.usesApiKey,
    timeoutMs: healthCheckTimeoutMs,
    clock: systemClock,
  });
  await client.close();
  const [publicUrl] = settings.publicUrls;
  const hasSender = connection.from !== undefined || connection.messagingServiceSid !== undefined;
  return [
    { check: 'configuration', ok: true, message: 'every variable is well-formed.' },
    {
      check: 'twilio',
      ok: health.status === 'up',
      message: health.status === 'up' ? 'the credentials work.' : health.message,
    },
    {
      check: 'sender',
      ok: hasSender,
      message: hasSender
        ? 'messages have a sender.'
        : 'set WHATSAPP_FROM_NUMBER or TWILIO_MESSAGING_SERVICE_SID, or name `from` with each message.',
    },
    {
      check: 'webhook',
      ok: publicUrl !== undefined,
      message:
        publicUrl === undefined
          ? 'set PUBLIC_URL to the https:// address under which Twilio reaches the service; without it there are no ' +
            'status callbacks.'
          : `in Twilio's console, the sender's webhook has to be ${publicUrl.replace(/\/+$/, '')}/${defaultWebhookPath}`,
    },
  ];
}
