import { setImmediate as nextTurn } from 'node:timers/promises';
import { removeDeadDeliveries, removeEvents } from '../../src/whatsapp-twilio/retention/erase';
import { engines, useStorage } from '../support/storages';
import { startWhatsappHost, type WhatsappHost } from '../support/whatsapp-host';

const ANA = '+15551230001';

describe.each(engines)('The log of events on %s', (engine) => {
  const storage = useStorage(engine);
  let host: WhatsappHost;
  afterEach(() => host.close());

  const count = async (table: 'events' | 'event_deliveries') =>
    (await host.db.selectFrom(table).selectAll().execute()).length;

  it('is forgotten once it is old, but for what nobody has taken yet', async () => {
    const gone = Object.assign(new Error('gone'), { retryable: false });
    const subscriber = { name: 'unwilling', deliver: () => Promise.reject(gone) };
    host = await startWhatsappHost({
      module: { storage: { url: storage.url }, events: { log: true, subscribers: [subscriber] } },
    });
    await host.twilio.phone(ANA).sends('hi');
    let state: string | undefined;
    while (state !== 'dead') {
      await nextTurn();
      ({ state } = await host.db.selectFrom('event_deliveries').select('state').executeTakeFirstOrThrow());
    }
    const sweep = { scope: 'default', now: Date.now() + 1000, until: Date.now() + 1000, limit: 10 };
    expect(await removeEvents(host.db, sweep)).toBe(0);
    expect(await removeDeadDeliveries(host.db, sweep)).toBe(1);
    expect(await removeEvents(host.db, sweep)).toBe(1);
    expect([await count('events'), await count('event_deliveries')]).toEqual([0, 0]);
  });
});
