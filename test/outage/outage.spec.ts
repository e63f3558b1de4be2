import { StorageUnreachableError, WhatsappTwilioStorageHealthIndicator } from 'nestjs-whatsapp-twilio';
import { inbound, statusCallback } from 'nestjs-whatsapp-twilio/testing';
import { sql } from 'kysely';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { Spool } from '../../src/whatsapp-twilio/storage/spool';
import { MemoryTracer } from '../support/memory-tracer';
import { type OutageHost, startOutageHost } from '../support/outage-host';
import { createDatabase, type PostgresServer, startPostgres } from '../support/postgres';
import { useTemporaryFolder } from '../support/temporary-folder';

/** Takes connections and never says a word, as a network does that swallows packets. */
async function listenInSilence(port: number): Promise<() => Promise<void>> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket)).listen(port, '127.0.0.1');
  await once(server, 'listening');
  return async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  };
}

const userOf = (index: number) => `whatsapp:+1555123${String(1000 + index)}`;

describe('While PostgreSQL is away', () => {
  const folder = useTemporaryFolder();
  let postgres: PostgresServer;
  let url: string;
  let host: OutageHost;
  let databases = 0;
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);

  beforeAll(async () => {
    process.on('unhandledRejection', note);
    postgres = await startPostgres();
  });

  beforeEach(async () => {
    await postgres.start();
    url = await createDatabase(postgres.url, `outage_${++databases}`);
  });

  afterEach(async () => {
    await host.close();
    expect(unhandled).toEqual([]);
  });

  afterAll(async () => {
    await postgres.remove();
    process.off('unhandledRejection', note);
  });

  const spoolPath = () => folder.file('spool.db');

  async function goAway(): Promise<void> {
    await postgres.stop();
    await host.isAway();
  }

  async function comeBack(): Promise<void> {
    await postgres.start();
    await host.isBack();
  }

  const texts = () => host.recorder.messages.all.map(({ raw }) => raw['Body']);
  const health = () => host.app.get(WhatsappTwilioStorageHealthIndicator).isHealthy();

  describe('and there is a spool', () => {
    it('what came in is handled in its trace when it is back', async () => {
      const tracer = new MemoryTracer().register();
      try {
        host = await startOutageHost({ url, spoolPath: spoolPath() });
        await goAway();
        await host.post(inbound.text());
        const { spanId } = await tracer.first('whatsapp.webhook');
        await comeBack();
        expect((await tracer.first('whatsapp.handler')).parent).toBe(spanId);
      } finally {
        tracer.unregister();
      }
    });

    it('webhooks are acknowledged, and handled in their order and once when it is back', async () => {
      host = await startOutageHost({ url, spoolPath: spoolPath() });
      expect(await host.post(inbound.text({ Body: 'before' }))).toBe(200);
      await host.recorder.messages.count(1);
      await goAway();
      const repeated = inbound.text({ Body: 'repeated' });
      for (const params of [
        inbound.text({ Body: 'first' }),
        repeated,
        repeated,
        inbound.text({ Body: 'second' }),
        repeated,
      ]) {
        expect(await host.post(params)).toBe(200);
      }
      await comeBack();
      expect(await host.post(inbound.text({ Body: 'after' }))).toBe(200);
      await host.recorder.messages.count(5);
      expect(texts()).toEqual(['before', 'first', 'repeated', 'second', 'after']);
      expect(host.storage.spool!.size).toBe(0);
    });

    it('says so once, and once that it is back, with how many were stored', async () => {
      host = await startOutageHost({ url, spoolPath: spoolPath() });
      await goAway();
      for (let index = 0; index < 5; index++) await host.post(inbound.text());
      await comeBack();
      const said = host.log.all.filter((line) => /PostgreSQL|spool|stor|moment/.test(line));
      expect(said).toEqual([
        expect.stringMatching(/^error PostgreSQL is away: .+\. Until it is back, webhooks are kept in the spool/),
        expect.stringMatching(/^log PostgreSQL is back after \d+ s; 5 webhooks from the spool are stored\.$/),
      ]);
    });

    it('keeps the time at which they came, also for the 24-hour window', async () => {
      host = await startOutageHost({ url, spoolPath: spoolPath() });
      await goAway();
      const { clock } = host.storage;
      const from = clock.now();
      await host.post(inbound.text());
      const until = clock.now();
      await comeBack();
      const { received_at } = await host.db
        .selectFrom('inbound_messages')
        .select('received_at')
        .executeTakeFirstOrThrow();
      const { last_inbound_at } = await host.db.selectFrom('conversations').selectAll().executeTakeFirstOrThrow();
      expect(last_inbound_at).toBe(received_at);
      expect(received_at).toBeGreaterThanOrEqual(from);
      expect(received_at).toBeLessThanOrEqual(until);
    });

    it('status callbacks are kept too, in whatever order they come', async () => {
      host = await startOutageHost({ url, spoolPath: spoolPath() }, { emulator: { statusDelayMs: 86_400_000 } });
      const message = await host.outbound.send({ to: '+15551230001', text: 'Hi' });
      const { sid } = await host.recorder.reaches(message, 'accepted');
      await goAway();
      const { clock } = host.storage;
      const from = clock.now();
      for (const status of ['delivered', 'sent', 'delivered', 'read'] as const) {
        expect(await host.post(statusCallback(status, { MessageSid: sid }), '/status')).toBe(204);
      }
      const until = clock.now();
      await comeBack();
      await host.recorder.reaches(message, 'read');
      const { status, history } = (await host.outbound.get(message.id))!;
      expect(status).toBe('read');
      const reported = history.filter(({ source }) => source === 'callback');
      expect(reported.map((event) => event.status)).toEqual(['delivered', 'sent', 'read']);
      for (const { at } of reported) {
        expect(at.getTime()).toBeGreaterThanOrEqual(from);
        expect(at.getTime()).toBeLessThanOrEqual(until);
      }
    });

    it('what the process leaves in the spool is handled after its next start, before all that comes then', async () => {
      host = await startOutageHost({ url, spoolPath: spoolPath() });
      await goAway();
      for (const Body of ['1', '2', '3']) expect(await host.post(inbound.text({ Body }))).toBe(200);
      await host.close();

      await postgres.start();
      host = await startOutageHost({ url, spoolPath: spoolPath() });
      expect(await host.post(inbound.text({ Body: '4' }))).toBe(200);
      await host.recorder.messages.count(4);
      expect(texts()).toEqual(['1', '2', '3', '4']);
      await host.log.first((line) => /^log [34] webhooks from the spool are stored\.$/.test(line));
    });

    it('a start takes webhooks all the same, and makes the tables when PostgreSQL is there', async () => {
      await postgres.stop();
      host = await startOutageHost({ url, spoolPath: spoolPath() });
      await host.isAway();
      expect(await host.post(inbound.text({ Body: 'early' }))).toBe(200);
      await expect(host.outbound.send({ to: '+15551230001', text: 'Hi' })).rejects.toThrow(StorageUnreachableError);
      await comeBack();
      await host.recorder.messages.count(1);
      expect(texts()).toEqual(['early']);
      await host.outbound.send({ to: '+15551230001', text: 'Hi' });
    });

    it('readiness is degraded, and lost only when the spool cannot be written either', async () => {
      host = await startOutageHost({ url, spoolPath: spoolPath() });
      expect(await health()).toEqual({ storage: { status: 'up' } });
      await goAway();
      await host.post(inbound.text());
      expect(await health()).toEqual({
        storage: {
          status: 'up',
          degraded: true,
          spooled: 1,
          message: 'webhooks go into the spool: STORAGE_UNREACHABLE',
        },
      });
      await host.storage.spool!.close();
      expect(await health()).toMatchObject({ storage: { status: 'down' } });
      expect(await host.post(inbound.text())).toBe(503);
    });

    it('one that PostgreSQL refuses for itself holds up no other, and stays in the spool', async () => {
      host = await startOutageHost({ url, spoolPath: spoolPath() });
      await goAway();
      // A NUL, which no text in PostgreSQL can hold.
      const poisoned = inbound.text({ Body: 'poisoned', From: 'whatsapp:\0' });
      for (const params of [inbound.text({ Body: 'a' }), poisoned, inbound.text({ Body: 'b' })]) {
        expect(await host.post(params)).toBe(200);
      }
      await postgres.start();
      await host.recorder.messages.count(2);
      expect(texts()).toEqual(['a', 'b']);
      await host.log.first((line) =>
        line.includes('cannot be stored (22021); it stays in the spool until the next start'),
      );
      expect(await host.post(inbound.text({ Body: 'c' }))).toBe(200);
      await host.recorder.messages.count(3);
      await host.close();
      const spool = await Spool.open(spoolPath());
      expect(await spool.oldest(10)).toEqual([{ seq: 2, webhook: expect.stringContaining('poisoned') }]);
      await spool.close();
    });

    it('what PostgreSQL cannot take yet stays in the spool until it can', async () => {
      host = await startOutageHost({ url, spoolPath: spoolPath() });
      await sql`create function refuse() returns trigger language plpgsql as $$
        begin raise exception using errcode = 'disk_full'; end $$`.execute(host.db);
      await sql`create trigger refusal before insert on inbound_messages execute function refuse()`.execute(host.db);
      await goAway();
      for (const Body of ['a', 'b']) expect(await host.post(inbound.text({ Body }))).toBe(200);
      await postgres.start();
      await host.log.first((line) => line.includes('The spool cannot be emptied'));
      expect(host.storage.spool!.size).toBe(2);
      await sql`drop trigger refusal on inbound_messages`.execute(host.db);
      await host.isBack();
      await host.recorder.messages.count(2);
      expect(texts()).toEqual(['a', 'b']);
    });

    it('nothing is lost or out of order under 200 webhooks while it goes and comes', async () => {
      host = await startOutageHost({ url, spoolPath: spoolPath() });
      const acknowledged = new Map<number, string[]>();
      let count = 0;
      const going: Promise<void>[] = [];
      /** A user who writes on when the last was acknowledged. */
      const write = async (user: number) => {
        const mine: string[] = [];
        acknowledged.set(user, mine);
        for (let index = 0; index < 20; index++) {
          const Body = `${user}-${index}`;
          expect(await host.post(inbound.text({ Body, From: userOf(user) }))).toBe(200);
          mine.push(Body);
          count++;
          if (count === 40 || count === 120) going.push(postgres.stop());
          if (count === 80 || count === 160) going.push(going.shift()!.then(() => postgres.start()));
        }
      };
      await Promise.all(Array.from({ length: 10 }, (_, user) => write(user)));
      await Promise.all(going);
      await postgres.start();
      await host.recorder.messages.until(() => new Set(texts()).size === 200);
      for (const [user, sent] of acknowledged) {
        const handled = host.recorder.messages.all.filter(({ from }) => `whatsapp:${from.value}` === userOf(user));
        expect(handled.map(({ raw }) => raw['Body'])).toEqual(sent);
      }
    });
  });

  describe('and there is no spool', () => {
    it('webhooks get 503 at once, and 200 when it is back', async () => {
      host = await startOutageHost({ url });
      await goAway();
      const endSilence = await listenInSilence(Number(new URL(url).port));
      try {
        const begun = performance.now();
        for (let index = 0; index < 20; index++) expect(await host.post(inbound.text())).toBe(503);
        // Each would wait three seconds if it tried to connect.
        expect(performance.now() - begun).toBeLessThan(15_000);
        expect(await health()).toMatchObject({ storage: { status: 'down' } });
      } finally {
        await endSilence();
      }
      await comeBack();
      expect(await host.post(inbound.text({ Body: 'after' }))).toBe(200);
      await host.recorder.messages.count(1);
      const said = host.log.all.filter((line) => /PostgreSQL|stor|moment/.test(line));
      expect(said).toEqual([
        expect.stringMatching(/^error PostgreSQL is away: .+ webhooks are answered with 503/),
        expect.stringMatching(/^log PostgreSQL is back after \d+ s\.$/),
      ]);
    });
  });

  it('one connection that is cut costs no webhook', async () => {
    host = await startOutageHost({ url });
    const cut = () =>
      sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`.execute(
        host.db,
      );
    for (let index = 0; index < 20; index++) {
      const [status] = await Promise.all([host.post(inbound.text()), cut().catch(() => {})]);
      expect(status).toBe(200);
    }
    await host.recorder.messages.until(() => new Set(host.recorder.messages.all.map(({ sid }) => sid)).size === 20);
    expect(host.log.all.filter((line) => line.includes('PostgreSQL'))).toEqual([]);
  });

  it('a handler that finishes is not run again, and its reply goes out when it is back', async () => {
    host = await startOutageHost({ url });
    let finish: (() => void) | undefined;
    host.recorder.answer = () =>
      new Promise((resolve) => {
        finish = () => resolve('the reply');
      });
    const phone = host.twilio.phone('+15551230001');
    await phone.sends('hello');
    await host.recorder.messages.count(1);
    await goAway();
    finish!();
    await comeBack();
    await phone.receives('the reply');
    await host.recorder.updates.until(() => host.recorder.updates.all.some(({ status }) => status === 'read'));
    expect(host.recorder.messages.all).toHaveLength(1);
    expect(host.twilio.messages.filter(({ direction }) => direction !== 'inbound')).toHaveLength(1);
  });

  it('the process can end', async () => {
    host = await startOutageHost({ url });
    host.recorder.answer = () => 'never sent';
    await goAway();
    await host.app.close();
  });
});
