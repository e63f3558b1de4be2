import { parseUrl } from '../../common/parse-url';
import { parseAddress } from '../../whatsapp-twilio/messages/address';
import type { Account, AccountStatus } from '../accounts/account';
import { addContent, setApproval } from '../accounts/provision-content';
import type { Sender } from '../accounts/sender';
import type { Core } from '../core';
import { readFaults } from '../faults/read-faults';
import { json, type Reply } from '../http';
import type { Phone } from '../phone/phone';
import type { Phones } from '../phone/phones';
import type { UserOptions } from '../phone/users';
import { APPROVAL_STATUSES } from '../rules/approval';
import { areContentTypes, contentProblem } from '../rules/check-content';
import { createAccount } from '../twilio-account';
import { CommandError, type Fields, flag, optional, sendAs, text } from './command';

/** What a command works with. */
interface Bench {
  readonly core: Core;
  readonly phones: Phones;
}

type Command = (bench: Bench, fields: Fields) => Reply | Promise<Reply>;

const DONE: Reply = { status: 204 };

/** What the page, or a script in any language, can have the emulator do, by path. */
export const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['/_emulator/phones', setUpPhone],
  ['/_emulator/messages', async (bench, fields) => json(200, await sendAs(phoneOf(bench, fields), fields))],
  ['/_emulator/read', readMessages],
  ['/_emulator/webhook', setWebhook],
  ['/_emulator/faults', setFaults],
  ['/_emulator/clock', moveClock],
  ['/_emulator/accounts', addAccount],
  ['/_emulator/accounts/status', setAccountStatus],
  ['/_emulator/templates', addTemplate],
  ['/_emulator/templates/approval', approveTemplate],
]);

/** Makes a phone known, or changes one: what it is called, whether messages reach it, and what it lets others see. */
function setUpPhone(bench: Bench, fields: Fields): Reply {
  const [profileName, bsuid] = [optional(fields, 'profileName'), optional(fields, 'bsuid')];
  const [readReceipts, onWhatsapp] = [flag(fields, 'readReceipts'), flag(fields, 'onWhatsapp')];
  const phone = phoneOf(bench, fields, {
    // The page itself says when the user has seen something.
    open: flag(fields, 'open') ?? false,
    ...(profileName === undefined ? {} : { profileName }),
    ...(bsuid === undefined ? {} : { bsuid }),
    ...(readReceipts === undefined ? {} : { readReceipts }),
    ...(onWhatsapp === undefined ? {} : { onWhatsapp }),
  });
  const [online, blocked, optedOut] = [flag(fields, 'online'), flag(fields, 'blocked'), flag(fields, 'optedOut')];
  if (blocked !== undefined) phone.blocks(blocked);
  if (optedOut !== undefined) phone.optsOut(optedOut);
  if (online === false) phone.goesOffline();
  if (online === true) phone.goesOnline();
  return json(201, { phone: phone.user.id });
}

function readMessages(bench: Bench, fields: Fields): Reply {
  phoneOf(bench, fields).reads();
  return DONE;
}

/** Of one sender, or of all that the account has. */
function setWebhook({ core }: Bench, fields: Fields): Reply {
  const account = accountOf(core, fields);
  const url = httpUrl(text(fields, 'url'));
  const [statusCallback, fallbackUrl] = ['statusCallback', 'fallbackUrl'].map((name) => optional(fields, name));
  const webhook = {
    url,
    ...(statusCallback === undefined ? {} : { statusCallback: httpUrl(statusCallback) }),
    ...(fallbackUrl === undefined ? {} : { fallbackUrl: httpUrl(fallbackUrl) }),
  };
  const senders = fields.sender === undefined ? account.senders.values() : [senderOf(account, fields)];
  for (const sender of senders) sender.webhook = webhook;
  core.journal.events.emit('account', account);
  return DONE;
}

function setFaults({ core }: Bench, fields: Fields): Reply {
  core.faults.set(readFaults(fields));
  return DONE;
}

/** `{ advance: '25h' }` */
function moveClock({ core }: Bench, fields: Fields): Reply {
  core.clock.advance(text(fields, 'advance'));
  return json(200, { now: core.clock.now() });
}

/** The one answer that has a token: whoever makes an account needs it. */
function addAccount({ core, phones }: Bench, fields: Fields): Reply {
  const friendlyName = optional(fields, 'friendlyName');
  const [sender, webhookUrl] = [optional(fields, 'sender'), optional(fields, 'webhookUrl')];
  const parent = fields.parentSid === undefined ? undefined : accountOf(core, { accountSid: fields.parentSid });
  const account = createAccount(
    core,
    phones,
    {
      ...(friendlyName === undefined ? {} : { friendlyName }),
      ...(sender === undefined ? {} : { senders: [sender] }),
      ...(webhookUrl === undefined ? {} : { webhookUrl: httpUrl(webhookUrl) }),
    },
    parent,
  );
  const { accountSid, authToken, senders } = account;
  return json(201, { accountSid, authToken, senders });
}

const ACCOUNT_STATUSES: readonly AccountStatus[] = ['active', 'suspended', 'closed'];

function setAccountStatus({ core }: Bench, fields: Fields): Reply {
  const account = accountOf(core, fields);
  account.status = oneOf(fields, 'status', ACCOUNT_STATUSES);
  core.journal.events.emit('account', account);
  return DONE;
}

function addTemplate({ core }: Bench, fields: Fields): Reply {
  const { types } = fields;
  if (!areContentTypes(types)) throw new CommandError(contentProblem(types, undefined) ?? 'types is wrong');
  const template = addContent(core, accountOf(core, fields), {
    types,
    friendlyName: optional(fields, 'friendlyName'),
    language: optional(fields, 'language'),
    approved: flag(fields, 'approved'),
  });
  return json(201, { contentSid: template.sid });
}

/** Says what WhatsApp thinks of a template. */
function approveTemplate({ core }: Bench, fields: Fields): Reply {
  const account = accountOf(core, fields);
  const template = account.contents.get(text(fields, 'contentSid'));
  if (!template) throw new CommandError('The account has no template with this contentSid');
  setApproval(core, template, oneOf(fields, 'status', APPROVAL_STATUSES), optional(fields, 'rejectionReason'));
  core.journal.events.emit('account', account);
  return DONE;
}

function phoneOf({ core, phones }: Bench, fields: Fields, options?: UserOptions): Phone {
  const address = text(fields, 'phone');
  if (!parseAddress(address)) throw new CommandError('phone is neither a number such as +15551230001 nor a user id');
  const account = accountOf(core, fields);
  return phones.of(address, account, senderOf(account, fields), options);
}

/** The account that is named, or that has the sender that is named, or the first. */
function accountOf({ accounts }: Core, fields: Fields): Account {
  const [sid, sender] = [optional(fields, 'accountSid'), optional(fields, 'sender')];
  if (sid === undefined && sender === undefined) return accounts.main;
  const account =
    sid === undefined ? accounts.all().find(({ senders }) => senders.has(sender ?? '')) : accounts.get(sid);
  if (!account) throw new CommandError(`There is no account with this ${sid === undefined ? 'sender' : 'accountSid'}`);
  return account;
}

function senderOf(account: Account, fields: Fields): Sender {
  const address = optional(fields, 'sender');
  const [first] = account.senders.values();
  const sender = address === undefined ? first : account.senders.get(address);
  if (!sender) throw new CommandError('The account has no such sender');
  return sender;
}

function oneOf<T extends string>(fields: Fields, name: string, choices: readonly T[]): T {
  const value = text(fields, name);
  const chosen = choices.find((one) => one === value);
  if (chosen === undefined) throw new CommandError(`${name} is none of ${choices.join(', ')}`);
  return chosen;
}

function httpUrl(url: string): string {
  if (!/^https?:\/\//i.test(url) || parseUrl(url) === undefined) throw new CommandError('Not an http URL');
  return url;
}
