import { Inject, Injectable, Logger } from '@nestjs/common';
import { type FSWatcher, watch } from 'node:fs';
import { dirname } from 'node:path';
import { Repetition } from '../../common/repetition';
import { secretFilesOf } from '../contract/secret-files';
import { validateOptions, type WhatsappTwilioSettings } from '../contract/validate-options';
import { isConnectionError } from '../storage/connection-error';
import type { Runtime } from '../runtime';
import { RUNTIME, SETTINGS } from '../tokens';
import { MODULE_OPTIONS_TOKEN } from '../whatsapp-twilio.module-definition';
import type { WhatsappTwilioModuleOptions } from '../whatsapp-twilio.options';
import { managedConnection } from './connection';
import { ConnectionRegistry } from './connection-registry';
import { KeyRing } from './key-ring';
import { Reencryption } from './reencryption';

/** A file is written in several steps, and several files change together. */
const SETTLE_MS = 250;
/** Not every file system tells of changes. */
const LOOK_EVERY_MS = 30_000;

/**
 * Reads secrets that are given as files (`NAME_FILE`) again when they change. Kubernetes swaps a link beside them, so their
 * folders are watched. What cannot be used is said in the log, without a value, and the old secrets stay.
 */
@Injectable()
export class SecretReload {
  private readonly logger = new Logger('WhatsappTwilio');
  private readonly watchers: FSWatcher[] = [];
  private readonly looks: Repetition;
  private complaint: string | undefined;

  constructor(
    @Inject(MODULE_OPTIONS_TOKEN) private readonly options: WhatsappTwilioModuleOptions,
    @Inject(SETTINGS) private current: WhatsappTwilioSettings,
    @Inject(RUNTIME) { clock }: Runtime,
    private readonly connections: ConnectionRegistry,
    private readonly keys: KeyRing,
    private readonly reencryption: Reencryption,
  ) {
    this.looks = new Repetition(clock, LOOK_EVERY_MS, () => this.reload());
  }

  start(): void {
    const files = secretFilesOf(this.options);
    if (files === undefined) return;
    for (const folder of new Set(files.paths.map((path) => dirname(path)))) {
      try {
        const watcher = watch(folder, { persistent: false }, () => this.looks.doIn(SETTLE_MS));
        watcher.on('error', () => watcher.close()); // the looks go on
        this.watchers.push(watcher);
      } catch {
        // A folder that cannot be watched is still looked at.
      }
    }
    this.looks.doIn(LOOK_EVERY_MS);
  }

  async stop(): Promise<void> {
    for (const watcher of this.watchers) watcher.close();
    await this.looks.stop();
  }

  private async reload(): Promise<void> {
    let next: WhatsappTwilioSettings;
    try {
      const { options, problems } = secretFilesOf(this.options)!.read();
      next = validateOptions({ ...this.options, ...options }, problems);
      if (next.accountSid !== this.current.accountSid || next.storageUrl !== this.current.storageUrl) {
        throw new Error('Another account (TWILIO_ACCOUNT_SID) or storage (DATABASE_URL) needs a restart.');
      }
      if (secretsOf(next) === secretsOf(this.current)) return this.complain(undefined);
      await this.reencryption.refuseMissingKeys(next.encryptionKeys);
    } catch (error) {
      if (isConnectionError(error)) return; // it is tried again
      return this.complain((error as Error).message);
    }
    this.complain(undefined);
    this.current = next;
    this.keys.replace(next.encryptionKeys);
    this.connections.replaceManaged(managedConnection(next));
    this.reencryption.wake();
    this.logger.log('The secrets were read again from their files, and are in use.');
  }

  private complain(problem: string | undefined): void {
    if (problem !== undefined && problem !== this.complaint) {
      this.logger.error(`Changed secrets are not used, the old ones stay: ${problem}`);
    }
    this.complaint = problem;
  }
}

/** Compared, and never shown. */
function secretsOf({ authTokens, apiKey, encryptionKeys }: WhatsappTwilioSettings): string {
  const keys = encryptionKeys.map(({ id, key }) => [id, key.toString('base64')]);
  return JSON.stringify([authTokens, apiKey?.sid, apiKey?.secret, keys]);
}
