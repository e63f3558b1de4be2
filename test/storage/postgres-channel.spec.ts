import { sql } from 'kysely';
import { createSignals, type Signals, signalNames } from '../../src/whatsapp-twilio/signals';
import { connectDatabase, type Database } from '../../src/whatsapp-twilio/storage/database';
import { PostgresChannel } from '../../src/whatsapp-twilio/storage/postgres-channel';
import { Happenings } from '../support/happenings';
import { useStorage } from '../support/storages';

describe('The channel between replicas', () => {
  const storage = useStorage('postgres');
  let db: Database;
  let replicas: Replica[];

  interface Replica {
    readonly signals: Signals;
    readonly channel: PostgresChannel;
    readonly heard: Happenings<string>;
  }

  beforeEach(async () => {
    db = connectDatabase(storage.url);
    replicas = [start(), start()];
    // Who begins to listen takes it that there is something of each kind.
    for (const { heard } of replicas) await heard.count(signalNames.length);
    for (const { heard } of replicas) heard.all.length = 0;
  });
  afterEach(async () => {
    for (const { channel } of replicas) await channel.stop();
    await db.destroy();
  });

  function start(): Replica {
    const signals = createSignals();
    const heard = new Happenings<string>();
    for (const name of signalNames) signals[name].on(() => heard.add(name));
    const channel = new PostgresChannel(storage.url, db, signals);
    channel.start();
    return { signals, channel, heard };
  }

  it.each(signalNames)('tells the others that there may be something to do: %s', async (name) => {
    const [one, other] = replicas as [Replica, Replica];
    one.signals[name].emit();
    await other.heard.first((heard) => heard === name);
    expect(new Set(other.heard.all)).toEqual(new Set([name]));
  });

  it('is listened to again after its connection broke, for all that was said meanwhile', async () => {
    const [, other] = replicas as [Replica, Replica];
    await sql`select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen %'`.execute(db);
    await other.heard.count(signalNames.length);
    expect(new Set(other.heard.all)).toEqual(new Set(signalNames));
  });
});
