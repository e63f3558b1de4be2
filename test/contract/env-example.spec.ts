import { messagingWhatsappTwilioIntegrationSpec } from 'nestjs-whatsapp-twilio';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { defaultStorageUrl, readServiceConfiguration } from '../../src/service/service-configuration';
import { serviceSecrets, serviceVariables } from '../../src/service/service-environment';
import { moduleVariables } from '../../src/whatsapp-twilio/contract/environment';

const text = readFileSync(join(__dirname, '../../.env.example'), 'utf8');
const variables = parseEnv(text) as Record<string, string>;

describe('.env.example', () => {
  it('has every variable that is read, once, and no other', () => {
    const names = [...text.matchAll(/^(\w+)=/gm)].map((match) => match[1]);
    expect(names.toSorted()).toEqual([...Object.keys(moduleVariables), ...Object.keys(serviceVariables)].toSorted());
  });

  it('gives each its default', () => {
    const defaults = {
      ...Object.fromEntries(Object.keys(moduleVariables).map((name) => [name, ''])),
      ...serviceVariables,
      DATABASE_URL: defaultStorageUrl,
      WHATSAPP_RATE_LIMIT_RPM: String(messagingWhatsappTwilioIntegrationSpec.constraints.rateLimit.rpm),
    };
    expect(variables).toEqual(defaults);
  });

  it('lacks only the account and a key to be used as it is', () => {
    const account = {
      TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
      TWILIO_AUTH_TOKEN: 'a-token',
      API_KEYS: 'app:a-secret',
    };
    expect(() => readServiceConfiguration((name) => ({ ...variables, ...account })[name])).not.toThrow();
  });

  it('marks the secrets, which can come from a file', () => {
    const marked = [...text.matchAll(/^# \[secret\].*\n(\w+)=/gm)].map((match) => match[1]);
    const secrets = Object.entries(moduleVariables).filter(([, { secret }]) => secret);
    expect(marked).toEqual([...secrets.map(([name]) => name), ...serviceSecrets]);
    expect(text).toContain('TWILIO_AUTH_TOKEN_FILE=');
  });
});
