import type { Address } from '../../whatsapp-twilio/messages/address';
import type { Journal } from '../journal';
import type { User } from './user';

export interface UserOptions {
  /** The display name that the user chose. */
  profileName?: string;
  /** The business-scoped user id of someone who also shows a number. */
  bsuid?: string;
  /** Whether the number has WhatsApp at all. Default `true`. */
  onWhatsapp?: boolean;
  /** Whether the chat is open on the screen; an open chat reads what arrives. Default `true`. */
  open?: boolean;
  /** Whether the user lets others see what was read. Default: the emulator's `readReceipts`. */
  readReceipts?: boolean;
}

/** The WhatsApp users, at most `kept` of them. Writing to an address that nobody spoke of yet makes its user. */
export class Users {
  readonly #users = new Map<string, User>();
  readonly #byBsuid = new Map<string, User>();

  constructor(
    private readonly readReceipts: boolean,
    private readonly journal: Journal,
    private readonly kept: number,
  ) {}

  all(): readonly User[] {
    return [...this.#users.values()];
  }

  find(address: Address): User | undefined {
    return this.#users.get(address.value) ?? this.#byBsuid.get(address.value);
  }

  obtain(address: Address, options: UserOptions = {}): User {
    const known = this.find(address);
    const user = known ?? this.#create(address, options);
    const bsuid = address.kind === 'bsuid' ? address.value : options.bsuid;
    if (bsuid !== undefined) {
      user.bsuid = bsuid;
      this.#byBsuid.set(bsuid, user);
    }
    if (known) {
      known.profileName = options.profileName ?? known.profileName;
      known.onWhatsapp = options.onWhatsapp ?? known.onWhatsapp;
      known.open = options.open ?? known.open;
      known.readReceipts = options.readReceipts ?? known.readReceipts;
    }
    this.journal.events.emit('user', user);
    return user;
  }

  #create(address: Address, options: UserOptions): User {
    const user: User = {
      id: address.value,
      ...(address.kind === 'phone' ? { number: address.value } : {}),
      profileName: options.profileName,
      onWhatsapp: options.onWhatsapp ?? true,
      online: true,
      open: options.open ?? true,
      readReceipts: options.readReceipts ?? this.readReceipts,
      chats: new Map(),
    };
    this.#users.set(user.id, user);
    const [oldest] = this.#users.values();
    if (this.#users.size > this.kept && oldest) this.#forget(oldest);
    return user;
  }

  #forget(user: User): void {
    this.#users.delete(user.id);
    if (user.bsuid !== undefined) this.#byBsuid.delete(user.bsuid);
  }
}
