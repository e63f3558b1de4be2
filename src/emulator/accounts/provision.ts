import type { Core } from '../core';
import { LONGEST_VALIDITY_S } from '../message';
import { Account } from './account';
import type { ApiKeyKind, StoredApiKey } from './api-key';
import type { MessagingService } from './messaging-service';
import { checkSender, type Sender, type SenderWebhook } from './sender';

type Maker = Pick<Core, 'accounts' | 'clock' | 'journal' | 'random'>;

export interface NewAccount {
  readonly sid?: string | undefined;
  readonly authToken?: string | undefined;
  readonly friendlyName?: string | undefined;
  readonly type?: 'Full' | 'Trial' | undefined;
  readonly parent?: Account | undefined;
}

/** @throws RangeError for a SID that is none, or that is taken. */
export function addAccount(core: Maker, options: NewAccount): Account {
  const sid = options.sid ?? core.random.sid('AC');
  if (!/^AC[0-9a-fA-F]{32}$/.test(sid)) throw new RangeError(`Not an account SID: ${JSON.stringify(sid)}`);
  if (core.accounts.get(sid)) throw new RangeError(`There is an account ${sid} already`);
  const account = new Account(
    sid,
    options.authToken ?? core.random.hex(32),
    options.friendlyName ?? 'Local Twilio',
    options.type ?? 'Full',
    core.clock.now(),
    options.parent,
  );
  core.accounts.add(account);
  core.journal.events.emit('account', account);
  return account;
}

/** @throws RangeError for what is no WhatsApp sender, and for one that an account has already. */
export function addSender(
  core: Maker,
  account: Account,
  address: string,
  webhook: Partial<SenderWebhook> = {},
  sandbox?: Sender['sandbox'],
): Sender {
  checkSender(address);
  // The sandbox's number is shared by all accounts; any other belongs to one.
  const owners = sandbox ? [account] : core.accounts.all();
  if (owners.some(({ senders }) => senders.has(address))) throw new RangeError(`${address} is a sender already`);
  const sender: Sender = {
    sid: core.random.sid('XE'),
    address,
    status: 'ONLINE',
    webhook,
    profile: {},
    configuration: {},
    ...(sandbox === undefined ? {} : { sandbox }),
  };
  account.senders.set(address, sender);
  core.journal.events.emit('account', account);
  return sender;
}

/** Twilio's own number for trying out, the same in every account. */
export const SANDBOX_NUMBER = 'whatsapp:+14155238886';

export function addSandbox(core: Maker, account: Account, code: string, webhook: Partial<SenderWebhook>): Sender {
  return addSender(core, account, SANDBOX_NUMBER, webhook, { code });
}

export interface NewApiKey {
  readonly sid?: string | undefined;
  readonly secret?: string | undefined;
  readonly friendlyName?: string | undefined;
  readonly kind?: ApiKeyKind | undefined;
  readonly allow?: readonly string[] | undefined;
}

export function addApiKey(core: Maker, account: Account, options: NewApiKey = {}): StoredApiKey {
  const now = core.clock.now();
  const key: StoredApiKey = {
    sid: options.sid ?? core.random.sid('SK'),
    secret: options.secret ?? core.random.hex(32),
    kind: options.kind ?? 'standard',
    friendlyName: options.friendlyName ?? '',
    allow: options.allow ?? [],
    createdAt: now,
    updatedAt: now,
  };
  account.keys.set(key.sid, key);
  return key;
}

export type NewMessagingService = Partial<Omit<MessagingService, 'createdAt' | 'updatedAt' | 'pool'>> & {
  /** Addresses of the account's senders. Default: all of them. */
  readonly pool?: readonly string[];
};

export function addService(core: Maker, account: Account, options: NewMessagingService = {}): MessagingService {
  const now = core.clock.now();
  const service: MessagingService = {
    sid: core.random.sid('MG'),
    friendlyName: 'Local service',
    inboundRequestUrl: null,
    inboundMethod: 'POST',
    fallbackUrl: null,
    fallbackMethod: 'POST',
    statusCallback: null,
    validityPeriod: LONGEST_VALIDITY_S,
    useInboundWebhookOnNumber: true,
    advancedOptOut: false,
    ...options,
    pool: [...(options.pool ?? account.senders.keys())],
    createdAt: now,
    updatedAt: now,
  };
  account.services.set(service.sid, service);
  core.journal.events.emit('account', account);
  return service;
}

/** The sender of the first account, unless it is named. */
export const DEFAULT_SENDER = 'whatsapp:+15550006789';

/** The first number from the default sender's on that no account has. */
export function unusedSender({ accounts }: Pick<Core, 'accounts'>): string {
  for (let number = BigInt(DEFAULT_SENDER.slice('whatsapp:+'.length)); ; number += 1n) {
    const address = `whatsapp:+${number}`;
    if (accounts.all().every(({ senders }) => !senders.has(address))) return address;
  }
}
