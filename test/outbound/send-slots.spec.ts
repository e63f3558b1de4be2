import {
  Arrivals,
  forgetSpent,
  freeAgainAt,
  type Purpose,
  type SendSlot,
  spend,
} from '../../src/whatsapp-twilio/outbound/send-slots';
import { openStorage, type Storage } from '../../src/whatsapp-twilio/storage/storage';
import { engines, useStorage } from '../support/storages';

const NOW = 1_000_000;

describe.each(engines)('The slots of a budget, on %s', (engine) => {
  const location = useStorage(engine);
  let storage: Storage;
  let arrivals: Arrivals;

  beforeEach(async () => {
    storage = await openStorage(location.url);
    arrivals = new Arrivals();
  });
  afterEach(() => storage.close());

  const taken = (purposes: readonly Purpose[], account = 'AC1'): Promise<SendSlot[]> =>
    storage.db.transaction().execute((trx) => spend(trx, account, purposes, NOW));

  async function write(): Promise<void> {
    const written = await storage.db.transaction().execute((trx) => arrivals.write(trx));
    written();
  }

  const stored = () =>
    storage.db
      .selectFrom('send_slots')
      .select(['account_sid as account', 'priority', 'at', 'sends'])
      .orderBy('account_sid')
      .orderBy('priority')
      .orderBy('at')
      .execute();

  it('count from the latest time at which the request can arrive, until more is known', async () => {
    const slots = await taken(['bulk', 'conversation']);
    expect(slots.map(({ purpose }) => purpose)).toEqual(['bulk', 'conversation']);
    const late = { account: 'AC1', at: NOW + 1000, sends: 1 };
    expect(await stored()).toEqual([
      { ...late, priority: 'bulk' },
      { ...late, priority: 'conversation' },
    ]);
  });

  it('count from the answer once that is here, sooner or later; what came together is one row, of its last', async () => {
    const [first, second, third, late] = await taken(['bulk', 'bulk', 'bulk', 'bulk']);
    const [other] = await taken(['bulk'], 'AC2');
    arrivals.arrived(first!, NOW + 100);
    arrivals.arrived(second!, NOW + 149);
    arrivals.arrived(third!, NOW + 150);
    arrivals.arrived(late!, NOW + 4000);
    arrivals.arrived(other!, NOW + 100);
    await write();
    const bulk = { account: 'AC1', priority: 'bulk' };
    expect(await stored()).toEqual([
      { ...bulk, at: NOW + 149, sends: 2 },
      { ...bulk, at: NOW + 150, sends: 1 },
      { ...bulk, at: NOW + 4000, sends: 1 },
      { ...bulk, account: 'AC2', at: NOW + 100, sends: 1 },
    ]);
  });

  it('have to be written down at once where an answer came later than was thought, and else when there are many', async () => {
    const [late, ...others] = await taken(Array.from({ length: 33 }, () => 'bulk' as const));
    for (const slot of others.slice(1)) arrivals.arrived(slot, NOW);
    expect(arrivals.areDue).toBe(false);
    arrivals.arrived(late!, NOW + 1001);
    expect(arrivals.areDue).toBe(true);
    await write();
    expect(arrivals.areDue).toBe(false);
    for (const slot of await taken(Array.from({ length: 32 }, () => 'bulk' as const))) arrivals.arrived(slot, NOW);
    expect(arrivals.areDue).toBe(true);
  });

  it('are given back for requests that were never made', async () => {
    const [kept, returned] = await taken(['conversation', 'conversation']);
    arrivals.neverMade(returned!);
    await write();
    expect(await stored()).toMatchObject([{ sends: 1 }]);
    arrivals.arrived(kept!, NOW);
    await write();
    expect(await stored()).toMatchObject([{ at: NOW, sends: 1 }]);
  });

  it('are written down again when the transaction fails, and not twice when only its answer was lost', async () => {
    const [slot] = await taken(['conversation']);
    arrivals.arrived(slot!, NOW);
    const failing = storage.db.transaction().execute(async (trx) => {
      await arrivals.write(trx);
      throw new Error('rolled back');
    });
    await expect(failing).rejects.toThrow('rolled back');
    expect(await stored()).toMatchObject([{ at: NOW + 1000 }]);
    await storage.db.transaction().execute((trx) => arrivals.write(trx)); // and nobody hears of its commit
    await write();
    expect(await stored()).toMatchObject([{ at: NOW, sends: 1 }]);
  });

  it('are forgotten once they have left every window', async () => {
    await taken(['conversation']);
    const over = freeAgainAt(NOW + 1000);
    for (const now of [over - 1, over]) {
      expect(await stored()).toHaveLength(1);
      await storage.db.transaction().execute((trx) => forgetSpent(trx, now));
    }
    expect(await stored()).toEqual([]);
  });
});
