import { ManualClock } from '../../src/common/manual-clock';
import { Journal } from '../../src/emulator/journal';
import type { Message } from '../../src/emulator/message';
import { MessageStore } from '../../src/emulator/message-store';
import { SeededRandom } from '../../src/emulator/random';

const ACCOUNT = `AC${'1'.repeat(32)}`;
const SENDER = 'whatsapp:+15550006789';

describe('The store of messages', () => {
  const random = new SeededRandom(1);
  const clock = new ManualClock('2026-01-01T00:00:00Z');
  const storeOf = (kept: number) => new MessageStore(clock, new Journal(clock, random, 10), kept);
  const add = (store: MessageStore, to: string, overrides: Partial<Message> = {}): Message => {
    const message = {
      sid: random.sid('SM'),
      accountSid: ACCOUNT,
      ordinal: store.nextOrdinal(),
      direction: 'outbound-api',
      user: { id: to },
      from: SENDER,
      to,
      media: [],
      ...overrides,
    } as unknown as Message;
    store.add(message);
    return message;
  };

  it('looks for a conversation among its own messages only', () => {
    const store = storeOf(100_000);
    for (let user = 0; user < 5000; user += 1) add(store, `whatsapp:+1555${1_000_000 + user}`);
    const wanted = add(store, 'whatsapp:+15551000000');
    const found = store.candidates({ accountSid: ACCOUNT, to: wanted.to }).messages();
    expect(found).toHaveLength(2);
    expect(found[1]).toBe(wanted);
    expect(store.candidates({ accountSid: ACCOUNT, from: SENDER }).size).toBe(5001);
    expect(store.candidates({ accountSid: `AC${'2'.repeat(32)}`, to: wanted.to }).size).toBe(0);
  });

  it('forgets the oldest, from every index', () => {
    const store = storeOf(2);
    const media = { sid: random.sid('ME'), createdAt: 0, contentType: 'image/png' };
    const [first, second, third] = [1, 2, 3].map((user) =>
      add(store, `whatsapp:+1555123000${user}`, { media: [media] }),
    );
    expect(store.all()).toEqual([second, third]);
    expect(store.get(first!.sid)).toBeUndefined();
    expect(store.candidates({ accountSid: ACCOUNT, to: first!.to }).size).toBe(0);
    expect(store.candidates({ accountSid: ACCOUNT }).messages()).toEqual([second, third]);
    expect(store.ofUser(first!.user)).toEqual([]);
  });

  it('finds a message by its sender once a service has picked one, in the order of its making', () => {
    const store = storeOf(10);
    const early = add(store, 'whatsapp:+15551230001', { from: null });
    const late = add(store, 'whatsapp:+15551230002');
    store.update(early, { from: SENDER });
    expect(store.candidates({ accountSid: ACCOUNT, from: SENDER }).messages()).toEqual([early, late]);
    store.remove(early);
    expect(store.candidates({ accountSid: ACCOUNT, from: SENDER }).messages()).toEqual([late]);
  });
});
