import { parseAddress } from '../../whatsapp-twilio/messages/address';
import type { Account } from '../accounts/account';
import type { Sender } from '../accounts/sender';
import type { Core } from '../core';
import type { Delivery } from '../delivery';
import type { Message } from '../message';
import type { Inbound } from '../webhooks/inbound';
import { Inbox } from './inbox';
import { Phone } from './phone';
import type { User } from './user';
import type { UserOptions } from './users';

/** The users' phones, one for each chat, and what has come up on them. */
export class Phones {
  readonly #phones = new WeakMap<User, Map<string, Phone>>();
  readonly #inboxes = new WeakMap<User, Map<string, Inbox>>();

  constructor(
    private readonly core: Core,
    private readonly delivery: Delivery,
    private readonly inbound: Inbound,
  ) {
    core.journal.events.on('arrival', (message: Message) =>
      this.#inbox(message.user, message.from ?? '').arrive(message),
    );
  }

  /** @throws RangeError for what is neither a phone number nor a business-scoped user id. */
  of(address: string, account: Account, sender: Sender, options?: UserOptions): Phone {
    const parsed = parseAddress(address);
    if (!parsed) throw new RangeError(`Not a phone number or business-scoped user id: ${JSON.stringify(address)}`);
    const user = this.core.users.obtain(parsed, options);
    const phones = entry(this.#phones, user, () => new Map<string, Phone>());
    // The number of the sandbox is the same in every account.
    const key = `${account.sid} ${sender.address}`;
    let phone = phones.get(key);
    if (!phone) {
      const inbox = this.#inbox(user, sender.address);
      phone = new Phone(this.core, this.delivery, this.inbound, inbox, user, account, sender);
      phones.set(key, phone);
    }
    return phone;
  }

  #inbox(user: User, sender: string): Inbox {
    const inboxes = entry(this.#inboxes, user, () => new Map<string, Inbox>());
    let inbox = inboxes.get(sender);
    if (!inbox) {
      inbox = new Inbox();
      inboxes.set(sender, inbox);
    }
    return inbox;
  }
}

function entry<K extends object, V>(map: WeakMap<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
