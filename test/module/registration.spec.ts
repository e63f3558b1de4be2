import { Controller, Get, Injectable, Module, SetMetadata, UseGuards } from '@nestjs/common';
import type { CanActivate, DynamicModule, INestApplication, Type } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { ModulesContainer, Reflector } from '@nestjs/core';
import {
  OutboundService,
  TwilioSignatureGuard,
  whatsappTwilioConfig,
  WhatsappTwilioHealthIndicator,
  WhatsappTwilioModule,
  type WhatsappTwilioModuleOptions,
  type WhatsappTwilioOptionsFactory,
} from 'nestjs-whatsapp-twilio';
import { TwilioEmulator } from 'nestjs-whatsapp-twilio/emulator';
import { inbound, samples, signWebhook } from 'nestjs-whatsapp-twilio/testing';
import { writeFileSync } from 'node:fs';
import { withEnvironment } from '../support/environment';
import { type HostApp, type HostAppOptions, platforms, startHostApp } from '../support/host-app';
import { Recorder } from '../support/recorder';
import { sampleOptions } from '../support/sample-options';
import { useTemporaryFolder } from '../support/temporary-folder';

const { accountSid, authToken } = sampleOptions() as { accountSid: string; authToken: string };
const DEFAULT_PATH = '/webhooks/whatsapp/twilio';
const environment = { TWILIO_ACCOUNT_SID: accountSid, TWILIO_AUTH_TOKEN: authToken };

@Injectable()
class OptionsFactory implements WhatsappTwilioOptionsFactory {
  createWhatsappTwilioOptions(): WhatsappTwilioModuleOptions {
    return sampleOptions();
  }
}

@Module({ providers: [OptionsFactory], exports: [OptionsFactory] })
class OptionsModule {}

const registrations: [string, () => DynamicModule][] = [
  ['forRoot(options)', () => WhatsappTwilioModule.forRoot(sampleOptions())],
  [
    'forRootAsync with useFactory',
    () =>
      WhatsappTwilioModule.forRootAsync({
        imports: [OptionsModule],
        inject: [OptionsFactory],
        useFactory: (factory: OptionsFactory) => Promise.resolve(factory.createWhatsappTwilioOptions()),
      }),
  ],
  ['forRootAsync with useClass', () => WhatsappTwilioModule.forRootAsync({ useClass: OptionsFactory })],
  [
    'forRootAsync with useExisting',
    () => WhatsappTwilioModule.forRootAsync({ imports: [OptionsModule], useExisting: OptionsFactory }),
  ],
];

const fromEnvironment: [string, () => DynamicModule][] = [
  ['forRoot()', () => WhatsappTwilioModule.forRoot()],
  [
    'forRoot() with options that are undefined',
    () => WhatsappTwilioModule.forRoot({ accountSid: undefined, authToken: undefined, fromNumber: undefined }),
  ],
  [
    'forRootAsync(whatsappTwilioConfig.asProvider())',
    () => WhatsappTwilioModule.forRootAsync(whatsappTwilioConfig.asProvider()),
  ],
];

/** The service of the registration that this module imports. */
function outboundOf(app: INestApplication, moduleName: string): OutboundService {
  for (const { name, imports } of app.get(ModulesContainer).values()) {
    if (name !== moduleName) continue;
    for (const { providers } of imports) {
      const wrapper = providers.get(OutboundService);
      if (wrapper) return wrapper.instance as OutboundService;
    }
  }
  throw new Error(`No registration in ${moduleName}`);
}

const Public = () => SetMetadata('isPublic', true);

/** A module of its own for each registration, so that both can be told apart. */
const registered = (name: string, options: WhatsappTwilioModuleOptions, path: string): Type => {
  @Module({ imports: [WhatsappTwilioModule.forRoot({ ...options, path })] })
  class Registration {}
  Object.defineProperty(Registration, 'name', { value: name });
  return Registration;
};

const optionsFor = ({ accountSid, authToken, url, sender }: TwilioEmulator, file: string) => ({
  accountSid,
  authToken,
  fromNumber: sender,
  apiBaseUrl: url,
  storage: { url: `sqlite:${file}` },
});

describe.each(platforms)('The module on %s', (platform) => {
  const folder = useTemporaryFolder();
  let host: HostApp | undefined;

  const start = async (options: HostAppOptions): Promise<HostApp> => {
    host = await startHostApp({ platform, ...options });
    return host;
  };
  const post = async (path: string, token = authToken, account = accountSid): Promise<number> => {
    const params = inbound.text({ AccountSid: account });
    const { url, headers, body } = signWebhook({ authToken: token, url: host!.url + path, params });
    return (await fetch(url, { method: 'POST', headers, body })).status;
  };

  afterEach(async () => {
    await host?.close();
    host = undefined;
  });

  it.each(registrations)('registered by %s, takes webhooks and offers its providers', async (_name, register) => {
    const { app } = await start({ imports: [register()] });
    expect(await post(DEFAULT_PATH)).toBe(200);
    expect(await post(DEFAULT_PATH, 'another-token')).toBe(403);
    for (const provider of [OutboundService, TwilioSignatureGuard, WhatsappTwilioHealthIndicator]) {
      expect(app.get<object>(provider, { strict: false })).toBeInstanceOf(provider);
    }
  });

  it.each(fromEnvironment)('registered by %s, reads the environment', async (_name, register) => {
    await withEnvironment(environment, async () => {
      await start({ imports: [register()] });
      expect(await post(DEFAULT_PATH)).toBe(200);
    });
  });

  it("reads what the host's ConfigModule found in its .env file", async () => {
    const envFilePath = folder.file('.env');
    writeFileSync(envFilePath, `TWILIO_ACCOUNT_SID=${accountSid}\nTWILIO_AUTH_TOKEN="${authToken}"\n`);
    await withEnvironment({}, async () => {
      await start({ imports: [ConfigModule.forRoot({ envFilePath }), WhatsappTwilioModule.forRoot()] });
      expect(await post(DEFAULT_PATH)).toBe(200);
    });
  });

  it('takes extras and single options beside the environment, which they precede', async () => {
    await withEnvironment({ ...environment, WHATSAPP_FROM_NUMBER: 'whatsapp:+15550000001' }, async () => {
      const register = WhatsappTwilioModule.forRoot({
        isGlobal: true,
        path: 'elsewhere',
        fromNumber: 'whatsapp:+15550000002',
        apiBaseUrl: 'http://127.0.0.1:9',
      });
      const { app } = await start({ imports: [register] });
      expect(await post('/elsewhere')).toBe(200);
      expect(await post(DEFAULT_PATH)).toBe(404);
      const { from } = await app.get(OutboundService, { strict: false }).send({ to: samples.user, text: 'Hi' });
      expect(from).toEqual({ kind: 'phone', value: '+15550000002' });
    });
  });

  it('mounts nothing with path: false, and still verifies on routes of the host', async () => {
    @Controller('own')
    class OwnController {
      @Get()
      @UseGuards(TwilioSignatureGuard)
      own() {
        return 'verified';
      }
    }
    const { url } = await start({
      imports: [WhatsappTwilioModule.forRoot({ ...sampleOptions(), path: false })],
      controllers: [OwnController],
    });
    expect(await post(DEFAULT_PATH)).toBe(404);
    expect((await fetch(`${url}/own`)).status).toBe(403);
    const { headers } = signWebhook({ authToken, url: `${url}/own` });
    expect(await (await fetch(`${url}/own`, { headers })).text()).toBe('verified');
  });

  it("puts the host's decorators on its controller, beside its own guard", async () => {
    const seen: boolean[] = [];
    @Injectable()
    class Seen implements CanActivate {
      canActivate(): boolean {
        seen.push(true);
        return true;
      }
    }
    @Injectable()
    class LoginGuard implements CanActivate {
      canActivate(context: Parameters<CanActivate['canActivate']>[0]): boolean {
        return (
          new Reflector().getAllAndOverride<boolean>('isPublic', [context.getHandler(), context.getClass()]) ?? false
        );
      }
    }
    const decorated = WhatsappTwilioModule.forRoot({ ...sampleOptions(), decorators: [Public(), UseGuards(Seen)] });
    await start({ imports: [decorated], prepare: (app) => void app.useGlobalGuards(new LoginGuard()) });
    expect(await post(DEFAULT_PATH)).toBe(200);
    expect(seen).toEqual([true]);
    expect(await post(DEFAULT_PATH, 'another-token')).toBe(403);
  });

  it('is seen by modules that import it, and with isGlobal by all', async () => {
    @Injectable()
    class Sender {
      constructor(readonly outbound: OutboundService) {}
    }
    @Module({ providers: [Sender] })
    class FeatureModule {}
    const without: Promise<unknown> = start({
      imports: [WhatsappTwilioModule.forRoot(sampleOptions()), FeatureModule],
    });
    await expect(without).rejects.toThrow(/OutboundService/);
    const { app } = await start({
      imports: [WhatsappTwilioModule.forRoot({ ...sampleOptions(), isGlobal: true }), FeatureModule],
    });
    expect(app.get(Sender, { strict: false }).outbound).toBeInstanceOf(OutboundService);
  });

  it('with a wrong configuration stops the app, with one message for all of it', async () => {
    await withEnvironment({ TWILIO_AUTH_TOKEN: authToken, WHATSAPP_RATE_LIMIT_RPM: 'many' }, async () => {
      const message = expect.objectContaining({
        code: 'CONFIG_INVALID',
        problems: [
          expect.objectContaining({ name: 'accountSid (TWILIO_ACCOUNT_SID)' }),
          expect.objectContaining({ name: 'rateLimit.rpm (WHATSAPP_RATE_LIMIT_RPM)' }),
        ],
      });
      await expect(start({ imports: [WhatsappTwilioModule.forRoot()] })).rejects.toEqual(message);
    });
    const nothing = WhatsappTwilioModule.forRootAsync({ useFactory: () => undefined as never });
    await expect(start({ imports: [nothing] })).rejects.toThrow(/options must be an object/);
  });

  describe('twice in one app', () => {
    const first = sampleOptions({ connectionId: 'first' });
    const second = sampleOptions({
      accountSid: `AC${'2'.repeat(32)}`,
      authToken: 'second-token',
      connectionId: 'second',
    });

    const startBoth = (a: Partial<WhatsappTwilioModuleOptions>, b: Partial<WhatsappTwilioModuleOptions>) =>
      start({
        imports: [
          registered('First', { ...first, ...a }, 'first'),
          registered('Second', { ...second, ...b }, 'second'),
        ],
        providers: [Recorder],
      });

    it.each([['memory'], ['one file']])(
      'each verifies with its own token and says where a message came in (%s)',
      async (kind) => {
        const storage = { url: kind === 'memory' ? 'sqlite::memory:' : `sqlite:${folder.file('both.db')}` };
        const { app } = await startBoth({ storage }, { storage });
        expect(await post('/first', authToken, first.accountSid)).toBe(200);
        expect(await post('/second', 'second-token', second.accountSid)).toBe(200);
        expect(await post('/first', 'second-token', second.accountSid)).toBe(403);
        expect(await post('/second', authToken, first.accountSid)).toBe(403);
        const { messages } = app.get(Recorder);
        await messages.count(2);
        expect(messages.all.map(({ connectionId }) => connectionId).toSorted()).toEqual(['first', 'second']);
      },
    );

    it('each sends through its own account', async () => {
      const twilios = await Promise.all([
        TwilioEmulator.start({ enforceWindow: false }),
        TwilioEmulator.start({ enforceWindow: false }),
      ]);
      try {
        const { app } = await startBoth(
          optionsFor(twilios[0], folder.file('both.db')),
          optionsFor(twilios[1], folder.file('both.db')),
        );
        for (const [index, name] of ['First', 'Second'].entries()) {
          const outbound = outboundOf(app, name);
          await outbound.send({ to: '+15551230001', text: `from ${name}` });
          await twilios[index]!.phone('+15551230001').receives(`from ${name}`);
        }
        expect(twilios.map(({ messages }) => messages.length)).toEqual([1, 1]);
      } finally {
        await host?.close();
        host = undefined;
        await Promise.all(twilios.map((twilio) => twilio.stop()));
      }
    });

    it('refuse to share a storage under one connection id', async () => {
      const shared = { storage: { url: `sqlite:${folder.file('both.db')}` }, connectionId: 'same' };
      await expect(startBoth(shared, shared)).rejects.toThrow(/connectionId is the same in two registrations/);
      await startBoth(shared, { ...shared, storage: { url: 'sqlite::memory:' } });
    });

    it('refuse to share a path', async () => {
      const both = [registered('First', first, 'same'), registered('Second', second, 'same')];
      await expect(start({ imports: both })).rejects.toThrow(/path is the same in two registrations|already declared/);
    });
  });
});
