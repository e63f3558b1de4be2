// What the emulator has said, and who wants to know when it says more.

export const store = {
  users: new Map(),
  messages: new Map(),
  requests: [],
  alerts: [],
  faults: {},
  accounts: [],
  senders: [],
  /** Whose phone is shown, and in the chat with which sender. */
  phone: localStorage.getItem('phone'),
  sender: localStorage.getItem('sender'),
};

const listeners = new Map();

export function on(name, listener) {
  listeners.set(name, [...(listeners.get(name) ?? []), listener]);
}

export function emit(name, detail) {
  for (const listener of listeners.get(name) ?? []) listener(detail);
}

export const currentUser = () => store.users.get(store.phone);

export const currentChat = () => currentUser()?.chats.find(({ sender }) => sender === store.sender);

export const isHere = (message) => message.phone === store.phone && message.sender === store.sender;

export function messagesHere() {
  return [...store.messages.values()].filter((message) => isHere(message) && message.kind !== 'reaction');
}

/** Whether the message has come up on the phone. */
export const hasArrived = (message) =>
  message.direction === 'inbound' || message.status === 'delivered' || message.status === 'read';

export function choose(phone, sender = store.sender) {
  store.phone = phone;
  store.sender = sender;
  localStorage.setItem('phone', phone);
  localStorage.setItem('sender', sender);
  emit('choose');
}

/** Where what the phones write to this sender goes. */
export function webhookHere() {
  const senders = store.accounts.flatMap((account) => account.senders);
  return senders.find(({ address }) => address === store.sender)?.webhook ?? {};
}
