import { type ChildProcess, fork } from 'node:child_process';
import { on, once } from 'node:events';
import { join } from 'node:path';
import type { OutboundMessageInput, WhatsappTwilioModuleOptions } from 'nestjs-whatsapp-twilio';

/** What the process is told. */
export type AppCommand =
  | { readonly kind: 'run'; readonly port: number; readonly options: WhatsappTwilioModuleOptions }
  /** To queue these, in this order. */
  | { readonly kind: 'send'; readonly id: number; readonly messages: readonly OutboundMessageInput[] }
  /** To end the app, and to wait for the next one. */
  | { readonly kind: 'rest' };

export type AppReport =
  | { readonly kind: 'ready' }
  | { readonly kind: 'resting' }
  /** A handler begins with the message. */
  | { readonly kind: 'handled'; readonly sid: string }
  /** What was to be sent is durably queued, unless there is an error. */
  | { readonly kind: 'queued'; readonly id: number; readonly error?: string };

export interface AppOptions {
  readonly port: number;
  readonly options: WhatsappTwilioModuleOptions;
  readonly onHandled: (sid: string) => void;
  /** Where a process that has nothing to do is taken from, and goes to. */
  readonly pool?: ProcessPool | undefined;
}

const support = join(__dirname, '../support');
const program = join(__dirname, 'app.ts');
/** Whoever runs the sources, as Jest does, has no build; else the app is what would be published. */
const runsSources = require.resolve('nestjs-whatsapp-twilio').endsWith('.ts');
const preloads = ['register-typescript.cjs', ...(runsSources ? ['use-sources.cjs'] : [])];
const KEPT_OUTPUT = 4000;
const REST_LIMIT_MS = 2000;

/** Processes that have loaded all they need and run no app, so that the next one begins at once. */
export class ProcessPool {
  readonly #idle: ChildProcess[] = [];

  take(): ChildProcess | undefined {
    return this.#idle.pop();
  }

  give(child: ChildProcess): void {
    this.#idle.push(child);
  }

  async end(): Promise<void> {
    await Promise.all(this.#idle.splice(0).map((child) => kill(child)));
  }
}

/** The app in a process of its own, which can be killed and started again. */
export class AppProcess {
  #child: ChildProcess | undefined;
  #ready: Promise<void> = Promise.reject(new Error('The app was not started'));
  #output = '';
  #requests = 0;

  constructor(private readonly app: AppOptions) {
    this.#ready.catch(() => {});
  }

  get url(): string {
    return `http://127.0.0.1:${this.app.port}/webhooks/whatsapp/twilio`;
  }

  /** Resolves once it listens; after a kill, once it listens again. */
  get ready(): Promise<void> {
    return this.#ready;
  }

  start(): Promise<void> {
    const { port, options, onHandled, pool } = this.app;
    const child = pool?.take() ?? forkApp();
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#output = (this.#output + chunk.toString()).slice(-KEPT_OUTPUT);
      });
    }
    child.on('message', (report: AppReport) => {
      if (report.kind === 'handled') onHandled(report.sid);
    });
    this.#ready = new Promise((resolve, reject) => {
      child.once('message', () => resolve());
      child.once('exit', () => reject(new Error(`The app ended before it was ready:\n${this.#output}`)));
    });
    this.#ready.catch(() => {});
    child.send({ kind: 'run', port, options } satisfies AppCommand);
    return this.#ready;
  }

  /** Resolves once the app has queued the messages, in their order. */
  async send(messages: readonly OutboundMessageInput[]): Promise<void> {
    await this.#ready;
    const child = this.#child!;
    const id = ++this.#requests;
    await new Promise<void>((resolve, reject) => {
      const stopListening = () => {
        child.off('message', onMessage);
        child.off('exit', onExit);
      };
      const onMessage = (report: AppReport) => {
        if (report.kind !== 'queued' || report.id !== id) return;
        stopListening();
        if (report.error === undefined) resolve();
        else reject(new Error(report.error));
      };
      const onExit = () => {
        stopListening();
        reject(new Error('The app ended before it had queued the messages'));
      };
      child.on('message', onMessage);
      child.on('exit', onExit);
      child.send({ kind: 'send', id, messages } satisfies AppCommand);
    });
  }

  /** Ends it on the spot (SIGKILL); resolves once it is gone. */
  async kill(): Promise<void> {
    if (this.#child) await kill(this.#child);
  }

  /** Killed, and begun to start again; `ready` tells when it has. */
  async restart(): Promise<void> {
    await this.#ready;
    await this.kill();
    void this.start();
  }

  /** Ends it for good: in order, where its process can be used again. */
  async end(): Promise<void> {
    const { pool } = this.app;
    const child = this.#child;
    if (pool === undefined || child === undefined || !(await this.#rests(child))) return this.kill();
    for (const event of ['message', 'exit']) child.removeAllListeners(event);
    for (const stream of [child.stdout, child.stderr]) stream?.removeAllListeners('data').resume();
    pool.give(child);
  }

  async #rests(child: ChildProcess): Promise<boolean> {
    try {
      await this.#ready;
      const reports = on(child, 'message', { signal: AbortSignal.timeout(REST_LIMIT_MS) });
      child.send({ kind: 'rest' } satisfies AppCommand);
      for await (const [report] of reports as AsyncIterable<[AppReport]>) {
        if (report.kind === 'resting') return true;
      }
    } catch {
      // It is gone, or takes too long.
    }
    return false;
  }
}

function forkApp(): ChildProcess {
  return fork(program, {
    execArgv: preloads.flatMap((file) => ['-r', join(support, file)]),
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
