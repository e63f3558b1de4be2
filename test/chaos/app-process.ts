import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { OutboundMessageInput, WhatsappTwilioModuleOptions } from 'nestjs-whatsapp-twilio';

/** What the app is told: to queue these, in this order. */
export interface AppRequest {
  readonly id: number;
  readonly messages: readonly OutboundMessageInput[];
}

export type AppReport =
  | { readonly kind: 'ready' }
  /** A handler begins with the message. */
  | { readonly kind: 'handled'; readonly sid: string }
  /** What was to be sent is durably queued, unless there is an error. */
  | { readonly kind: 'queued'; readonly id: number; readonly error?: string };

export interface AppOptions {
  readonly port: number;
  readonly options: WhatsappTwilioModuleOptions;
  readonly onHandled: (sid: string) => void;
}

const support = join(__dirname, '../support');
const program = join(__dirname, 'app.ts');
/** Whoever runs the sources, as Jest does, has no build; else the app is what would be published. */
const runsSources = require.resolve('nestjs-whatsapp-twilio').endsWith('.ts');
const preloads = ['register-typescript.cjs', ...(runsSources ? ['use-sources.cjs'] : [])];
const KEPT_OUTPUT = 4000;

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
    const { port, options, onHandled } = this.app;
    const child = fork(program, {
      execArgv: preloads.flatMap((file) => ['-r', join(support, file)]),
      env: { ...process.env, NODE_ENV: 'production', CHAOS_APP: JSON.stringify({ port, options }) },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
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
      child.send({ id, messages } satisfies AppRequest);
    });
  }

  /** Ends it on the spot (SIGKILL), or in order (SIGTERM); resolves once it is gone. */
  async kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }

  /** Killed, and begun to start again; `ready` tells when it has. */
  async restart(): Promise<void> {
    await this.#ready;
    await this.kill();
    void this.start();
  }
}
