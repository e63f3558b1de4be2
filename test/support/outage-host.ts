import type { LoggerService } from '@nestjs/common';
import type { Storage } from '../../src/whatsapp-twilio/storage/storage';
import { STORAGE } from '../../src/whatsapp-twilio/tokens';
import { Happenings } from './happenings';
import { postSigned } from './signed-webhook';
import { startWhatsappHost, type WhatsappHost, type WhatsappHostOptions } from './whatsapp-host';

const ACCOUNT = `AC${'1'.repeat(32)}`;
const TOKEN = 'a'.repeat(32);

/** What the app says in its log, as `level text`. */
export class LogLines extends Happenings<string> implements LoggerService {
  log = (text: unknown) => this.add(`log ${String(text)}`);
  warn = (text: unknown) => this.add(`warn ${String(text)}`);
  error = (text: unknown) => this.add(`error ${String(text)}`);
}

export interface OutageHost extends WhatsappHost {
  readonly storage: Storage;
  readonly log: LogLines;
  /** Posts a signed webhook and gives the status of the answer. */
  post(params: Record<string, string>, path?: string): Promise<number>;
  /** Resolves once the app knows that PostgreSQL is away. */
  isAway(): Promise<void>;
  /** Resolves once it is back and nothing is left in the spool. */
  isBack(): Promise<void>;
}

/** An app on this PostgreSQL; each start is of the same account. */
export async function startOutageHost(
  storage: { readonly url: string; readonly spoolPath?: string },
  options: WhatsappHostOptions = {},
): Promise<OutageHost> {
  const log = new LogLines();
  const host = await startWhatsappHost({
    ...options,
    emulator: { accountSid: ACCOUNT, authToken: TOKEN, ...options.emulator },
    module: { storage },
    nest: { logger: log, abortOnError: false },
  });
  const opened = host.app.get<Storage>(STORAGE, { strict: false });
  return {
    ...host,
    storage: opened,
    log,
    async post(params, path = '') {
      const url = `${host.url}/webhooks/whatsapp/twilio${path}`;
      return (await postSigned(url, { ...params, AccountSid: ACCOUNT }, { token: TOKEN })).status;
    },
    isAway: () => log.first((line) => line.startsWith('error PostgreSQL is away')).then(() => {}),
    isBack: () => log.first((line) => line.startsWith('log PostgreSQL is back')).then(() => {}),
  };
}
