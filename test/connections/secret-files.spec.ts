import { ConfigModule } from '@nestjs/config';
import { whatsappTwilioConfig, WhatsappTwilioModule } from 'nestjs-whatsapp-twilio';
import { inbound } from 'nestjs-whatsapp-twilio/testing';
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readServiceConfiguration } from '../../src/service/service-configuration';
import { ConnectionRegistry } from '../../src/whatsapp-twilio/connections/connection-registry';
import { withEnvironment } from '../support/environment';
import { Happenings } from '../support/happenings';
import { type HostApp, startHostApp } from '../support/host-app';
import { MemoryLogger } from '../support/memory-logger';
import { sampleOptions } from '../support/sample-options';
import { postSigned } from '../support/signed-webhook';
import { useTemporaryFolder } from '../support/temporary-folder';

const { accountSid } = sampleOptions();
const [first, second, third] = ['a', 'b', 'c'].map((digit) => digit.repeat(32)) as [string, string, string];

/** A folder of secrets as Kubernetes mounts it: links into a folder that is swapped as a whole. */
class SecretMount {
  #version = 0;
  constructor(readonly folder: string) {}

  file(name: string): string {
    return join(this.folder, name);
  }

  write(secrets: Readonly<Record<string, string>>): void {
    const version = `..v${++this.#version}`;
    mkdirSync(this.file(version));
    for (const [name, secret] of Object.entries(secrets)) writeFileSync(join(this.file(version), name), `${secret}\n`);
    symlinkSync(version, this.file('..next'));
    renameSync(this.file('..next'), this.file('..data'));
    if (this.#version > 1) return;
    for (const name of Object.keys(secrets)) symlinkSync(join('..data', name), this.file(name));
  }
}

describe('Secrets that are given as files', () => {
  const folder = useTemporaryFolder();
  let mount: SecretMount;
  let said: Happenings<string>;
  let host: HostApp;

  class SayingLogger extends MemoryLogger {
    override log = (...parts: unknown[]) => said.add(parts.map(String).join(' '));
    override error = (...parts: unknown[]) => said.add(parts.map(String).join(' '));
  }

  beforeEach(() => {
    mount = new SecretMount(folder.path);
    said = new Happenings();
    mount.write({ token: first, other: second });
  });

  const environment = () => ({
    TWILIO_ACCOUNT_SID: accountSid,
    TWILIO_AUTH_TOKEN_FILE: mount.file('token'),
    API_AUTH: 'none',
    TWILIO_AUTH_TOKEN_SECONDARY_FILE: mount.file('other'),
  });

  async function post(token: string): Promise<number> {
    const params = inbound.text({ AccountSid: accountSid });
    return (await postSigned(`${host.url}/webhooks/whatsapp/twilio`, params, { token })).status;
  }

  const ways = [
    ['forRoot()', () => WhatsappTwilioModule.forRoot()],
    ['forRoot() with an option in code', () => WhatsappTwilioModule.forRoot({ rateLimit: { rpm: 5 } })],
    ['a configuration namespace', () => WhatsappTwilioModule.forRootAsync(whatsappTwilioConfig.asProvider())],
    [
      'the service',
      () => {
        const { whatsapp } = readServiceConfiguration();
        return WhatsappTwilioModule.forRootAsync({
          useFactory: () => Object.defineProperty(whatsapp, 'storage', { value: { url: 'sqlite::memory:' } }),
        });
      },
    ],
  ] as const;

  it.each(ways)('are read again when they change, with %s', async (_, register) => {
    await withEnvironment(environment(), async () => {
      host = await startHostApp({
        imports: [ConfigModule.forRoot({ ignoreEnvFile: true }), register()],
        nest: { logger: new SayingLogger() },
      });
      try {
        expect(await post(first)).toBe(200);
        expect(await post(third)).toBe(403);
        mount.write({ token: third, other: first });
        await said.first((line) => line.includes('The secrets were read again'));
        expect(await post(third)).toBe(200);
        expect(await post(first)).toBe(200); // as the secondary one
        expect(await post(second)).toBe(403);
        const { credentials } = host.app.get(ConnectionRegistry, { strict: false }).default;
        expect(credentials[0].password).toBe(third);
      } finally {
        await host.close();
      }
    });
  });

  it.each([
    ['are no tokens', { token: 'two words', other: second }, /authToken .* must be the account's auth token/],
    ['are empty', { token: '', other: second }, /TWILIO_AUTH_TOKEN_FILE names a file that is empty/],
  ])('stay as they were when the new ones %s, and the log says why without a value', async (_, wrong, reason) => {
    await withEnvironment(environment(), async () => {
      host = await startHostApp({
        imports: [ConfigModule.forRoot({ ignoreEnvFile: true }), WhatsappTwilioModule.forRoot()],
        nest: { logger: new SayingLogger() },
      });
      try {
        mount.write(wrong);
        const line = await said.first((each) => each.includes('the old ones stay'));
        expect(line).toMatch(reason);
        expect(line).not.toContain('two words');
        expect(await post(first)).toBe(200);
        mount.write({ token: third, other: second });
        await said.first((each) => each.includes('The secrets were read again'));
        expect(await post(third)).toBe(200);
      } finally {
        await host.close();
      }
    });
  });

  it('of another account are not taken up while the app runs', async () => {
    mount = new SecretMount(join(folder.path, 'account'));
    mkdirSync(mount.folder);
    mount.write({ account: accountSid, token: first });
    const variables = { TWILIO_ACCOUNT_SID_FILE: mount.file('account'), TWILIO_AUTH_TOKEN_FILE: mount.file('token') };
    await withEnvironment(variables, async () => {
      host = await startHostApp({
        imports: [ConfigModule.forRoot({ ignoreEnvFile: true }), WhatsappTwilioModule.forRoot()],
        nest: { logger: new SayingLogger() },
      });
      try {
        mount.write({ account: `AC${'9'.repeat(32)}`, token: third });
        expect(await said.first((each) => each.includes('the old ones stay'))).toContain('needs a restart');
        expect(await post(first)).toBe(200);
      } finally {
        await host.close();
      }
    });
  });
});
