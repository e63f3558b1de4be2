import { type DynamicModule, Logger, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { HealthIndicatorService } from '@nestjs/terminus';
import { managedConnection } from './connections/connection';
import type { ConnectionProvider } from './connections/connection-provider';
import { ConnectionRegistry } from './connections/connection-registry';
import { ConnectionRotations } from './connections/connection-rotation.service';
import { ConnectionTrials } from './connections/connection-trials';
import { Connections } from './connections/connections.service';
import { KeyRing } from './connections/key-ring';
import { ProvidedConnections } from './connections/provided-connections';
import { Reencryption } from './connections/reencryption';
import { RotationSightings } from './connections/rotation-sightings';
import { Rotations } from './connections/rotations';
import { SecretReload } from './connections/secret-reload';
import { StoredConnections } from './connections/stored-connections';
import { TwilioClients } from './connections/twilio-clients';
import { Conversations } from './conversations/conversations.service';
import { OptOuts } from './conversations/opt-outs';
import { overriding, rememberSecretFiles, secretFilesOf } from './contract/secret-files';
import { validateOptions, type WhatsappTwilioSettings } from './contract/validate-options';
import { whatsappTwilioConfig } from './contract/whatsapp-twilio.config';
import { MessageJournal } from './delivery/message-journal';
import { StatusCallbacks } from './delivery/status-callbacks';
import { StatusDispatcher } from './delivery/status-dispatcher';
import { StatusLookup } from './delivery/status-lookup';
import { EventDispatcher } from './events/event-dispatcher';
import { EventLog } from './events/event-log';
import { EventReader } from './events/event-reader';
import { DeadLetters } from './handlers/dead-letters.service';
import { WhatsappHandlers } from './handlers/whatsapp-handlers';
import { WhatsappTwilioHealthIndicator } from './health/whatsapp-twilio.health-indicator';
import { WhatsappTwilioStorageHealthIndicator } from './health/whatsapp-twilio.storage-health-indicator';
import { InboundFiles } from './inbound/inbound-files.service';
import { InboundMessages } from './inbound/inbound-messages.service';
import { InboundDispatcher } from './inbound/inbound-dispatcher';
import { Inbox } from './inbound/inbox';
import { SpoolDrain } from './inbound/spool-drain';
import { TwilioSignatureGuard } from './inbound/twilio-signature.guard';
import { WebhookIntake } from './inbound/webhook-intake';
import { WhatsappTwilioLifecycle } from './lifecycle';
import { AccountLimits } from './outbound/account-limits';
import { Outbox } from './outbound/outbox';
import { OutboundDispatcher } from './outbound/outbound-dispatcher';
import { OutboundService } from './outbound/outbound.service';
import { Pacing } from './outbound/pacing';
import { Reconciler } from './outbound/reconciler';
import { Settlement } from './outbound/settlement';
import { WaitingReasons } from './outbound/waiting-reasons';
import { WebhookUrls } from './outbound/webhook-urls';
import { Retention } from './retention/retention';
import { type Runtime, systemRuntime } from './runtime';
import { createSignals, type Signals } from './signals';
import type { Database } from './storage/database';
import { openStorage, type Storage } from './storage/storage';
import { CONNECTION_PROVIDER, DATABASE, RUNTIME, SETTINGS, SIGNALS, STORAGE, WORKER_ID } from './tokens';
import {
  type ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN,
  type OPTIONS_TYPE,
} from './whatsapp-twilio.module-definition';
import type { WhatsappTwilioModuleOptions } from './whatsapp-twilio.options';

/** What `forRoot()` takes: the options and the extras, each of them optional. */
export type WhatsappTwilioRootOptions = Partial<typeof OPTIONS_TYPE>;

/** WhatsApp through Twilio: webhooks in, messages out, their delivery followed. */
@Module({
  imports: [DiscoveryModule],
  providers: [
    {
      provide: SETTINGS,
      inject: [MODULE_OPTIONS_TOKEN],
      useFactory: (options: WhatsappTwilioModuleOptions) => validateOptions(options),
    },
    {
      provide: STORAGE,
      inject: [SETTINGS],
      useFactory: ({ storageUrl, spoolPath }: WhatsappTwilioSettings) =>
        openStorage(storageUrl, {
          spoolPath,
          onWaiting: (reason) => new Logger('WhatsappTwilio').warn(`Waiting for PostgreSQL: ${reason}.`),
        }),
    },
    {
      provide: DATABASE,
      inject: [STORAGE],
      useFactory: ({ db }: Storage) => db,
    },
    {
      provide: ConnectionRegistry,
      inject: [SETTINGS, DATABASE, RUNTIME, SIGNALS, KeyRing, { token: CONNECTION_PROVIDER, optional: true }],
      useFactory: (
        settings: WhatsappTwilioSettings,
        db: Database,
        { clock }: Runtime,
        signals: Signals,
        keys: KeyRing,
        provider: ConnectionProvider | undefined,
      ) => {
        const managed = managedConnection(settings);
        const stored = new StoredConnections(db, managed.id, keys);
        const sources = provider === undefined ? [stored] : [stored, new ProvidedConnections(provider, clock)];
        const registry = new ConnectionRegistry(managed, sources, clock);
        signals.connections.on(() => registry.forget());
        return registry;
      },
    },
    {
      provide: KeyRing,
      inject: [SETTINGS],
      useFactory: ({ encryptionKeys }: WhatsappTwilioSettings) => new KeyRing(encryptionKeys),
    },
    {
      provide: RUNTIME,
      inject: [STORAGE],
      useFactory: ({ clock }: Storage): Runtime => ({ ...systemRuntime, clock }),
    },
    { provide: WORKER_ID, inject: [RUNTIME], useFactory: ({ newId }: Runtime) => newId() },
    { provide: SIGNALS, useFactory: createSignals },
    AccountLimits,
    ConnectionRotations,
    Connections,
    DeadLetters,
    HealthIndicatorService,
    Conversations,
    EventDispatcher,
    EventLog,
    EventReader,
    Inbox,
    InboundFiles,
    InboundMessages,
    OptOuts,
    WaitingReasons,
    InboundDispatcher,
    MessageJournal,
    Outbox,
    OutboundDispatcher,
    OutboundService,
    Pacing,
    Reconciler,
    Reencryption,
    Retention,
    Rotations,
    RotationSightings,
    SecretReload,
    Settlement,
    SpoolDrain,
    StatusCallbacks,
    StatusDispatcher,
    StatusLookup,
    TwilioClients,
    ConnectionTrials,
    TwilioSignatureGuard,
    WebhookIntake,
    WebhookUrls,
    WhatsappHandlers,
    WhatsappTwilioHealthIndicator,
    WhatsappTwilioLifecycle,
    WhatsappTwilioStorageHealthIndicator,
  ],
  exports: [
    // The guard needs the first three where a host puts it on its own routes.
    ConnectionRegistry,
    RotationSightings,
    SETTINGS,
    // For what is built around the module.
    AccountLimits,
    DATABASE,
    RUNTIME,
    SIGNALS,
    // For a controller of the host's own that extends InboundController.
    WebhookIntake,
    Conversations,
    ConnectionRotations,
    Connections,
    DeadLetters,
    EventReader,
    InboundFiles,
    InboundMessages,
    OutboundService,
    TwilioSignatureGuard,
    WhatsappTwilioHealthIndicator,
    WhatsappTwilioStorageHealthIndicator,
  ],
})
export class WhatsappTwilioModule extends ConfigurableModuleClass {
  /**
   * With credentials, these options alone count. Without any, everything comes from the environment through
   * ConfigModule, and what is given here takes precedence.
   *
   * @throws WhatsappTwilioConfigError when the app starts, with every problem in one message.
   */
  static override forRoot(options: WhatsappTwilioRootOptions = {}): DynamicModule {
    if (options.accountSid !== undefined || options.authToken !== undefined) {
      return super.forRoot(options as typeof OPTIONS_TYPE);
    }
    const { isGlobal, path, decorators, connections, ...overrides } = options;
    const { imports, inject } = whatsappTwilioConfig.asProvider();
    return super.forRootAsync({
      imports,
      inject,
      useFactory: (fromEnvironment: WhatsappTwilioModuleOptions) =>
        rememberSecretFiles(
          { ...fromEnvironment, ...given(overrides) },
          overriding(secretFilesOf(fromEnvironment), given(overrides)),
        ),
      ...(isGlobal !== undefined && { isGlobal }),
      ...(path !== undefined && { path }),
      ...(decorators !== undefined && { decorators }),
      ...(connections !== undefined && { connections }),
    });
  }

  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return super.forRootAsync(options);
  }
}

/** An option that is there but `undefined` does not take anything's place. */
function given<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}
