import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { WhatsappTwilioModuleOptions } from 'nestjs-whatsapp-twilio';
import { TwilioEmulator } from 'nestjs-whatsapp-twilio/emulator';
import { connectDatabase, type Database } from '../../src/whatsapp-twilio/storage/database';
import { freePort } from '../support/free-port';
import { createDatabase, type PostgresServer, startPostgres } from '../support/postgres';
import { AppProcess } from './app-process';
import type { Reply } from './judge';
import type { SharedParts } from './shared-parts';
import { type FrontOptions, TwilioFront } from './twilio-front';

export type Engine = 'sqlite' | 'postgres';

export interface WorldOptions {
  readonly engine: Engine;
  /** Processes of the app on one storage. Default 1. */
  readonly processes?: number;
  /** Whether each process has a spool. Default no. */
  readonly spool?: boolean;
  /** What stands between the app and Twilio. Default: nothing. */
  readonly front?: FrontOptions;
  readonly module?: Partial<WhatsappTwilioModuleOptions>;
  /** What it need not make for itself. */
  readonly shared?: SharedParts | undefined;
  /** Everything is ended when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** Everything is ended after this many seconds, however far it has come. */
  readonly limitSeconds: number;
}

/** A rate that no scenario gets to. */
const UNLIMITED_RPM = 1_000_000;
const LOOK_EVERY_MS = 50;

/** A Twilio, a storage and processes of the app, all on this machine. */
export class World {
  /** What Twilio was asked to send and took, in its order. */
  readonly replies: Reply[] = [];
  /** By SID: when a handler began with the message, each time. */
  readonly handled = new Map<string, number[]>();
  #reader: Database | undefined;

  constructor(
    readonly engine: Engine,
    readonly twilio: TwilioEmulator,
    readonly front: TwilioFront | undefined,
    readonly postgres: PostgresServer | undefined,
    readonly storageUrl: string,
    readonly apps: readonly AppProcess[],
    /** Aborts when the scenario has to end. */
    readonly signal: AbortSignal,
  ) {
    twilio.events.on('message', ({ direction, to, body }) => {
      if (direction === 'outbound-api') this.replies.push({ at: performance.now(), to, text: body });
    });
  }

  noteHandled(sid: string): void {
    this.handled.set(sid, [...(this.handled.get(sid) ?? []), performance.now()]);
  }

  /** Resolves with whether this came to hold in time; it is looked at again and again. */
  async until(holds: () => boolean | Promise<boolean>, limitSeconds: number): Promise<boolean> {
    const end = performance.now() + limitSeconds * 1000;
    while (!(await holds())) {
      if (performance.now() > end) return false;
      await pause(LOOK_EVERY_MS, undefined, { signal: this.signal });
    }
    return true;
  }

  /** Reads the storage, beside the app. */
  async read<Result>(query: (db: Database) => Promise<Result>): Promise<Result> {
    const reader = (this.#reader ??= connectDatabase(this.storageUrl));
    try {
      return await query(reader);
    } catch (error) {
      await this.closeReader();
      throw error;
    }
  }

  async closeReader(): Promise<void> {
    const reader = this.#reader;
    this.#reader = undefined;
    await reader?.destroy();
  }

  /** How much is left to do: messages to handle, to send, or to look for at Twilio. */
  leftToDo(): Promise<number> {
    return this.read(async (db) => {
      const inbox = await db
        .selectFrom('inbound_messages')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('state', '=', 'pending')
        .executeTakeFirstOrThrow();
      const outbox = await db
        .selectFrom('outbound_messages')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('status', 'in', ['queued', 'scheduled', 'sending', 'unknown'])
        .executeTakeFirstOrThrow();
      return inbox.count + outbox.count;
    });
  }
}

/** What has to be ended, last begun first. What is begun after the end is ended at once. */
class Endings {
  #ends: (() => unknown)[] = [];
  #isOver = false;

  async own<Part>(making: Promise<Part> | Part, end: (part: Part) => unknown): Promise<Part> {
    const part = await making;
    if (this.#isOver) await end(part);
    else this.#ends.push(() => end(part));
    return part;
  }

  async endAll(): Promise<void> {
    this.#isOver = true;
    const failures: unknown[] = [];
    for (const end of this.#ends.toReversed()) {
      try {
        await end();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'The world could not be taken down');
  }
}

/** Builds the world, acts in it, and takes it down again, however that ends. */
export async function inWorld<Result>(options: WorldOptions, act: (world: World) => Promise<Result>): Promise<Result> {
  const { limitSeconds, signal: stop } = options;
  const signal = AbortSignal.any([AbortSignal.timeout(limitSeconds * 1000), ...(stop ? [stop] : [])]);
  const endings = new Endings();
  try {
    return await unlessAborted(signal, async () => act(await build(options, signal, endings)));
  } finally {
    await endings.endAll();
  }
}

async function build(options: WorldOptions, signal: AbortSignal, endings: Endings): Promise<World> {
  const { engine, processes = 1, spool = false, front: frontOptions, module, shared } = options;
  const folder = await endings.own(mkdtempSync(join(tmpdir(), 'whatsapp-twilio-chaos-')), (path) =>
    rmSync(path, { recursive: true, force: true }),
  );
  let postgres: PostgresServer | undefined;
  let storageUrl = `sqlite:${join(folder, 'chaos.db')}`;
  if (engine === 'postgres' && shared) {
    postgres = await shared.postgres();
    storageUrl = await createDatabase(postgres.url, `chaos_${randomBytes(4).toString('hex')}`);
  } else if (engine === 'postgres') {
    postgres = await endings.own(startPostgres(), (server) => server.remove());
    storageUrl = postgres.url;
  }
  const twilio = await endings.own(TwilioEmulator.start({ statusDelayMs: 5, enforceWindow: false }), (one) =>
    one.stop(),
  );
  const front = frontOptions && (await endings.own(TwilioFront.start(twilio.url, frontOptions), (one) => one.stop()));
  const ports = await Promise.all(Array.from({ length: processes }, freePort));
  const apps = ports.map(
    (port, index) =>
      new AppProcess({
        port,
        options: {
          accountSid: twilio.accountSid,
          authToken: twilio.authToken,
          fromNumber: twilio.sender,
          apiBaseUrl: front?.url ?? twilio.url,
          publicUrl: `http://127.0.0.1:${port}`,
          rateLimit: { rpm: UNLIMITED_RPM },
          ...module,
          storage: { url: storageUrl, ...(spool && { spoolPath: join(folder, `spool-${index}.db`) }) },
        },
        onHandled: (sid) => world.noteHandled(sid),
        pool: shared?.pool,
      }),
  );
  const world = new World(engine, twilio, front, postgres, storageUrl, apps, signal);
  await endings.own(apps, () => Promise.all(apps.map((app) => app.end())));
  await endings.own(world, () => world.closeReader());
  await Promise.all(apps.map((app) => app.start()));
  return world;
}

function unlessAborted<Result>(signal: AbortSignal, act: () => Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    act()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', abort));
  });
}
