import { OutboundService, WhatsappTwilioModule, type WhatsappTwilioRootOptions } from 'nestjs-whatsapp-twilio';
import { TwilioEmulator, type TwilioEmulatorOptions } from 'nestjs-whatsapp-twilio/emulator';
import type { Clock } from '../../src/common/clock';
import { newId } from '../../src/common/ids';
import { DATABASE, RUNTIME } from '../../src/whatsapp-twilio/tokens';
import type { Database } from '../../src/whatsapp-twilio/storage/database';
import { freePort } from './free-port';
import { type HostApp, type HostAppOptions, startHostApp } from './host-app';
import { Recorder } from './recorder';

const A_DAY_MS = 86_400_000;

export interface WhatsappHost extends HostApp {
  readonly twilio: TwilioEmulator;
  readonly outbound: OutboundService;
  readonly recorder: Recorder;
  readonly db: Database;
  /** The one that was given. */
  readonly clock?: Clock;
}

export interface WhatsappHostOptions extends HostAppOptions {
  /** Moves the module's time, and with `emulator.clock` the emulator's too. */
  readonly clock?: Clock;
  readonly emulator?: TwilioEmulatorOptions;
  /** In place of what fits the emulator; `undefined` takes an option out. */
  readonly module?: WhatsappTwilioRootOptions;
  /** The mounted webhook; the default is the module's own. */
  readonly path?: string;
}

/** A host app with the module, its bot, and a Twilio that knows its webhook. */
export async function startWhatsappHost(options: WhatsappHostOptions = {}): Promise<WhatsappHost> {
  const { clock, emulator, module, path = '/webhooks/whatsapp/twilio', overrides = [], ...app } = options;
  const twilio = await TwilioEmulator.start({ statusDelayMs: 1, ...emulator });
  try {
    const port = app.port ?? (await freePort());
    const settings = withoutUndefined({
      accountSid: twilio.accountSid,
      authToken: twilio.authToken,
      fromNumber: twilio.sender,
      apiBaseUrl: twilio.url,
      publicUrl: `http://127.0.0.1:${port}`,
      ...module,
      // A test that moves the time does not mean the handler that happens to be under way then.
      ...(clock && { handlers: { timeoutMs: A_DAY_MS, ...module?.handlers } }),
    });
    const host = await startHostApp({
      ...app,
      port,
      imports: [WhatsappTwilioModule.forRoot(settings), ...(app.imports ?? [])],
      providers: [Recorder, ...(app.providers ?? [])],
      overrides: [...(clock ? [[RUNTIME, { clock, random: () => 0, newId }] as const] : []), ...overrides],
    });
    twilio.webhook({ url: host.url + path });
    return {
      ...host,
      ...(clock && { clock }),
      twilio,
      outbound: host.app.get(OutboundService),
      recorder: host.app.get(Recorder),
      db: host.app.get<Database>(DATABASE, { strict: false }),
      async close() {
        await host.close();
        await twilio.stop();
      },
    };
  } catch (error) {
    await twilio.stop();
    throw error;
  }
}

function withoutUndefined(options: WhatsappTwilioRootOptions): WhatsappTwilioRootOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
