import { systemClock } from '../../src/common/clock';
import { type Database, openDatabase } from '../../src/whatsapp-twilio/storage/database';
import { WorkQueue } from '../../src/whatsapp-twilio/storage/work-queue';
import { Workers } from '../../src/whatsapp-twilio/storage/workers';
import { arrives, rowOf } from '../handlers/worker';

describe('A process that ends', () => {
  let db: Database;

  beforeEach(async () => {
    db = await openDatabase('sqlite::memory:');
  });
  afterEach(() => db.destroy());

  it('gives back what it was still working on, and is not missed', async () => {
    const now = systemClock.now();
    const workers = new Workers({
      db,
      clock: systemClock,
      id: 'ours',
      onRecovered: () => {},
      onError: (error) => {
        throw error;
      },
    });
    workers.start();
    await arrives(db, 'a1', 'ana', now);
    await arrives(db, 'b1', 'ben', now);
    await new WorkQueue(db, 'inbound_messages', 'default', 'ours').claim(1, now, now + 30_000);
    await new WorkQueue(db, 'inbound_messages', 'default', 'other').claim(1, now, now + 30_000);
    await workers.stop();
    const { owner, due_at } = await rowOf(db, 'a1');
    expect({ owner, isDue: due_at! <= systemClock.now() }).toEqual({ owner: null, isDue: true });
    expect(await rowOf(db, 'b1')).toMatchObject({ owner: 'other', due_at: now + 30_000 });
    expect(await db.selectFrom('workers').selectAll().execute()).toEqual([]);
  });
});
