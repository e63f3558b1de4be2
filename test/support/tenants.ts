import { randomBytes } from 'node:crypto';
import { type ConnectionView, Connections, OutboundService } from 'nestjs-whatsapp-twilio';
import type { TwilioEmulator } from 'nestjs-whatsapp-twilio/emulator';
import { startWhatsappHost, type WhatsappHost, type WhatsappHostOptions } from './whatsapp-host';

export type TwilioAccount = ReturnType<TwilioEmulator['account']>;

/** A customer with an account of its own, and the connection it brought. */
export interface Tenant {
  readonly account: TwilioAccount;
  readonly connection: ConnectionView;
}

export const author = { actor: 'test' };

/** An id and a key for stored secrets. */
export function encryptionKey(id: string): string {
  return `${id}:${randomBytes(32).toString('base64')}`;
}

/** A host app that can store connections. */
export function startTenantHost(options: WhatsappHostOptions = {}): Promise<WhatsappHost> {
  const { module, emulator, ...rest } = options;
  return startWhatsappHost({
    ...rest,
    emulator: { enforceWindow: false, ...emulator },
    module: { encryptionKeys: encryptionKey('first'), rateLimit: { rpm: 100_000 }, ...module },
  });
}

/** Stores the connection of an account, whose webhooks go to the host from then on. */
export async function addTenant(host: WhatsappHost, account: TwilioAccount, label?: string): Promise<Tenant> {
  account.webhook({ url: `${host.url}/webhooks/whatsapp/twilio` });
  const { accountSid, authToken, sender: fromNumber } = account;
  const connection = await connectionsOf(host).create(
    { accountSid, authToken, fromNumber, ...(label && { label }) },
    author,
  );
  return { account, connection };
}

export function connectionsOf(host: WhatsappHost): Connections {
  return host.app.get(Connections);
}

export function outboundOf(host: WhatsappHost): OutboundService {
  return host.app.get(OutboundService);
}
