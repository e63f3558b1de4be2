import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, chown, cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TwilioEmulator } from 'nestjs-whatsapp-twilio/emulator';
import { validate } from 'dockerfile-utils';
import { serviceVariables } from '../../src/service/service-environment';
import { servicePackages } from '../../src/service/service-packages';
import { freePort } from '../support/free-port';
import { installPackagesOfImage } from '../support/packages-of-image';
import { readText, root } from './files';

const dockerfile = readText('deploy/Dockerfile');
/** The user and group that the image runs as. */
const ID = 1000;

const messagesOf = (text: string) => validate(text).map(({ message }) => message);

/** What is copied: from the build context, or from an earlier stage. */
const copies = Array.from(dockerfile.matchAll(/^COPY (?:--from=(\S+) )?(.+) (\S+)$/gm), ([, stage, list, target]) => ({
  stage,
  sources: list!.split(' '),
  target: target!,
}));

describe('The Dockerfile', () => {
  it('has no mistake, which would be seen', () => {
    expect(messagesOf(dockerfile)).toEqual([]);
    for (const [right, wrong] of [
      ['USER 1000:1000', 'USR 1000:1000'],
      ['EXPOSE 3000', 'EXPOSE http'],
      ['--interval=10s', '--intervall=10s'],
      ['VOLUME /data', 'VOLUME'],
      ['FROM node:22-bookworm-slim AS build', 'FROM node:22-bookworm-slim AS'],
    ] as const) {
      expect(messagesOf(dockerfile.replace(right, wrong))).toHaveLength(1);
    }
  });

  it('builds in stages, runs as another than root, and starts without a shell', () => {
    expect(dockerfile.match(/^FROM /gm)).toHaveLength(3);
    expect(dockerfile).toMatch(new RegExp(`^USER ${ID}:${ID}$`, 'm'));
    expect(dockerfile).toMatch(/^CMD \["node", "dist\/service\/main\.js"\]$/m);
    expect(dockerfile).toMatch(new RegExp(`^EXPOSE ${serviceVariables.PORT}$`, 'm'));
  });

  it('copies only what there is, what the build context has, and what an earlier stage made', () => {
    const context = readText('.dockerignore');
    const stages = Array.from(dockerfile.matchAll(/^FROM \S+ AS (\w+)$/gm), ([, name]) => name);
    expect(copies.length).toBe(dockerfile.match(/^COPY /gm)!.length);
    for (const { stage, sources } of copies) {
      if (stage !== undefined) expect(stages).toContain(stage);
      else {
        for (const path of sources) {
          expect(context).toContain(`!${path}\n`);
          expect(existsSync(join(root, path))).toBe(true);
        }
      }
    }
  });

  it('ends with the packages, what was compiled, and its papers', () => {
    expect(copies.slice(-3)).toEqual([
      { stage: 'packages', sources: ['/app/node_modules'], target: 'node_modules' },
      { stage: 'build', sources: ['/app/dist'], target: 'dist' },
      { stage: undefined, sources: ['package.json', 'LICENSE'], target: './' },
    ]);
  });

  it('has every package that the service needs: the peers, which are tested', () => {
    const manifest = JSON.parse(readText('package.json')) as Record<'peerDependencies' | 'devDependencies', object>;
    for (const name of servicePackages) {
      expect(manifest.peerDependencies).toHaveProperty([name]);
      expect(manifest.devDependencies).toHaveProperty([name]);
    }
  });
});

// Without Docker: what the last stage holds in a folder, started as it says. Other systems' users are not ours to be.
const describeOnLinux = process.platform === 'linux' ? describe : describe.skip;

describeOnLinux('What the image holds', () => {
  let folder: string;
  let app: string;
  let data: string;
  let port: number;
  let twilio: TwilioEmulator;
  let service: ChildProcess;
  /** Nobody in particular where we may become that: then nothing in the folder is theirs to write. */
  const user = process.getuid!() === 0 ? { uid: ID, gid: ID } : {};

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'whatsapp-twilio-image-'));
    await chmod(folder, 0o755);
    app = join(folder, 'app');
    data = join(folder, 'data');
    await mkdir(data);
    await installPackagesOfImage(root, app);
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const dist = ['--outDir', join(app, 'dist'), '--tsBuildInfoFile', join(folder, 'tsbuildinfo')];
    execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--declaration', 'false', ...dist], {
      cwd: root,
    });
    for (const file of copies.at(-1)!.sources) await cp(join(root, file), join(app, file));
    execFileSync('chmod', ['-R', 'a-w,a+rX', app]);
    if (user.uid !== undefined) await chown(data, ID, ID);
    twilio = await TwilioEmulator.start();
    port = await freePort();
    const [, command] = /^CMD (\[.+\])$/m.exec(dockerfile)!;
    const [, ...args] = JSON.parse(command!) as string[];
    service = spawn(process.execPath, args, { cwd: app, env: environment(), ...user });
    await listening(service);
  }, 120_000);

  afterAll(async () => {
    service.kill('SIGKILL');
    await twilio.stop();
    execFileSync('chmod', ['-R', 'u+w', app]);
    await rm(folder, { recursive: true });
  });

  const environment = () => ({
    ...Object.fromEntries(
      Array.from(dockerfile.matchAll(/^(?:ENV| {3}) +(\w+)=(\S+)/gm), ([, name, value]) => [name!, value!]),
    ),
    PORT: String(port),
    TWILIO_ACCOUNT_SID: twilio.accountSid,
    TWILIO_AUTH_TOKEN: twilio.authToken,
    TWILIO_API_BASE_URL: twilio.url,
    WHATSAPP_FROM_NUMBER: twilio.sender,
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    DATABASE_URL: `sqlite:${data}/whatsapp.db`,
    API_AUTH: 'none',
  });

  it('does all that it is for, without a tool and without a place to write but /data', async () => {
    expect(existsSync(join(app, 'node_modules/jest'))).toBe(false);
    expect(existsSync(join(app, 'node_modules/typescript'))).toBe(false);
    const url = `http://127.0.0.1:${port}`;
    for (const path of ['/docs', '/docs/swagger-ui.css', '/openapi.json', '/metrics', '/health/startup']) {
      const answer = await fetch(url + path);
      await answer.text();
      expect({ path, status: answer.status }).toEqual({ path, status: 200 });
    }
    twilio.webhook({ url: `${url}/webhooks/whatsapp/twilio` });
    await twilio.phone('+15551230001').sends('hello');
    const body = JSON.stringify({ to: '+15551230001', text: 'Your table is ready.' });
    const sent = await fetch(`${url}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    expect(sent.status).toBe(202);
    await twilio.phone('+15551230001').receives('Your table is ready.');
    expect(readdirSync(data)).toContain('whatsapp.db');
    if (user.uid !== undefined) {
      const attempt = ['-e', `require('fs').writeFileSync(${JSON.stringify(join(app, 'dist/more.js'))}, '')`];
      expect(() => execFileSync(process.execPath, attempt, { ...user, stdio: 'pipe' })).toThrow(/EACCES/);
    }
  });

  it('is found healthy by the command of the image, and not when it is gone', async () => {
    const [, command] = /^HEALTHCHECK .+\\\n +CMD (\[.+\])$/m.exec(dockerfile)!;
    const [, ...args] = JSON.parse(command!) as string[];
    const check = () => execFileSync(process.execPath, args, { env: environment(), ...user, stdio: 'pipe' });
    check();
    service.kill('SIGTERM');
    expect(await once(service, 'exit')).toEqual([0, null]);
    expect(check).toThrow(/Command failed/);
  });
});

/** Resolves once it listens; what it says instead is an error. */
function listening(service: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    const hear = (text: string) => {
      said += text;
      if (said.includes('Listening on')) resolve();
    };
    service.stdout!.setEncoding('utf8').on('data', hear);
    service.stderr!.setEncoding('utf8').on('data', hear);
    service.once('exit', () => reject(new Error(said)));
  });
}
