import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { WhatsappTwilioModuleOptions } from 'nestjs-whatsapp-twilio';

export interface TenantAppCall {
  readonly id: number;
  readonly service: 'connections' | 'rotations' | 'outbound';
  readonly method: string;
  readonly args: readonly unknown[];
}

export type TenantAppReport =
  | { readonly kind: 'ready' }
  /** A connection or a rotation changed. */
  | { readonly kind: 'changed' }
  | { readonly kind: 'answer'; readonly id: number; readonly result?: unknown; readonly error?: string };

const preloads = ['register-typescript.cjs', 'use-sources.cjs'];

/** The app of tenant-app.ts, which can be killed. */
export class TenantProcess {
  readonly #child: ChildProcess;
  #calls = 0;

  private constructor(port: number, options: WhatsappTwilioModuleOptions) {
    this.#child = fork(join(__dirname, 'tenant-app.ts'), {
      execArgv: preloads.flatMap((file) => ['-r', join(__dirname, file)]),
      env: { ...process.env, NODE_ENV: 'production', TENANT_APP: JSON.stringify({ port, options }) },
    });
  }

  /** Resolves once it listens. */
  static async start(port: number, options: WhatsappTwilioModuleOptions): Promise<TenantProcess> {
    const app = new TenantProcess(port, options);
    await app.#next(({ kind }) => kind === 'ready');
    return app;
  }

  /** Has the app call a method of a service. What comes back has been through JSON. @throws Error what it threw. */
  async ask<Result>(service: TenantAppCall['service'], method: string, ...args: readonly unknown[]): Promise<Result> {
    const id = ++this.#calls;
    const answered = this.#next((report) => report.kind === 'answer' && report.id === id);
    this.#child.send({ id, service, method, args } satisfies TenantAppCall);
    const answer = (await answered) as Extract<TenantAppReport, { kind: 'answer' }>;
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer.result as Result;
  }

  /** Looks after each change until it is so. */
  async until<Result>(look: () => Promise<Result>, holds: (result: Result) => boolean): Promise<Result> {
    for (;;) {
      const changed = this.#next(({ kind }) => kind === 'changed');
      changed.catch(() => {});
      const result = await look();
      if (holds(result)) return result;
      await changed;
    }
  }

  /** Ends it on the spot (SIGKILL); resolves once it is gone. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }

  /** The next report that fits. @throws Error when the app ends before. */
  #next(fits: (report: TenantAppReport) => boolean): Promise<TenantAppReport> {
    return new Promise((resolve, reject) => {
      const stop = () => {
        this.#child.off('message', onReport);
        this.#child.off('exit', onExit);
      };
      const onReport = (report: TenantAppReport) => {
        if (!fits(report)) return;
        stop();
        resolve(report);
      };
      const onExit = () => {
        stop();
        reject(new Error('The app has ended'));
      };
      this.#child.on('message', onReport);
      this.#child.on('exit', onExit);
    });
  }
}
