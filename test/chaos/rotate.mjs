// Auth tokens rotated under a steady load: webhooks and sends at these rates, while one rotation after the other is made.
// Not one webhook may be refused and not one message fail.
//
//   node test/chaos/rotate.mjs [--engine sqlite|postgres] [--webhooks 200] [--sends 20] [--rotations 3] [--kind both]
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { randomBytes } from 'node:crypto';

const require = createRequire(import.meta.url);
require('reflect-metadata');
const { Module } = require('@nestjs/common');
const { NestFactory } = require('@nestjs/core');
const { FastifyAdapter } = require('@nestjs/platform-fastify');
const { Connections, ConnectionRotations, OutboundService, WhatsappTwilioModule } = require('../../dist/index.js');
const { TwilioEmulator } = require('../../dist/emulator/index.js');

const { values } = parseArgs({
  options: {
    engine: { type: 'string', default: 'sqlite' },
    webhooks: { type: 'string', default: '200' },
    sends: { type: 'string', default: '20' },
    rotations: { type: 'string', default: '3' },
    kind: { type: 'string', default: 'both' },
  },
});
const USERS = 400;
const author = { actor: 'chaos' };

const folder = mkdtempSync(join(tmpdir(), 'whatsapp-twilio-rotate-'));
const postgres = values.engine === 'postgres' ? await startPostgres() : undefined;
const twilio = await TwilioEmulator.start({
  statusDelayMs: 5,
  enforceWindow: false,
  keep: { requests: 200_000 },
});
const port = await freePort();
const app = await startApp();
const [connections, rotations, outbound] = [Connections, ConnectionRotations, OutboundService].map((type) =>
  app.get(type),
);
const account = twilio.account({ webhookUrl: `http://127.0.0.1:${port}/webhooks/whatsapp/twilio` });
const { id } = await connections.create(
  { accountSid: account.accountSid, authToken: account.authToken, fromNumber: account.sender },
  author,
);

let ending = false;
const sent = [];
let webhooks = 0;
const load = [
  atRate(Number(values.webhooks), async (number) => {
    webhooks++;
    await account.phone(`+1555${String(1_000_000 + (number % USERS))}`).sends(String(number));
  }),
  atRate(Number(values.sends), async (number) => {
    const to = `+1555${String(2_000_000 + (number % USERS))}`;
    sent.push((await outbound.send({ connectionId: id, to, text: String(number) })).id);
  }),
];
const begin = Date.now();
const kinds = values.kind === 'both' ? ['twilio', 'manual'] : [values.kind];
let done = 0;
for (let round = 0; round < Number(values.rotations); round++) {
  for (const kind of kinds) {
    await pause(1000);
    await rotations.start(
      id,
      kind === 'manual' ? { authToken: await call('Secondary', 'secondary_auth_token') } : {},
      author,
    );
    if (kind === 'manual') {
      await pause(1000);
      await call('Promote', 'auth_token');
    }
    while ((await connections.get(id)).rotation.step !== 'done') await pause(50);
    done++;
  }
}
await pause(1000);
const seconds = (Date.now() - begin) / 1000;
ending = true;
await Promise.all(load);
for (let look = 0; look < 240 && (await unfinished()).length > 0; look++) await pause(250);
await twilio.settles();

const open = await unfinished();
const failed = [];
for (const message of sent) {
  const { status, error } = await outbound.get(message);
  if (status === 'failed' || status === 'undelivered') failed.push(error);
}
const refused = twilio.requests.filter(
  ({ kind, status }) => (kind === 'inbound' || kind === 'status') && !(status >= 200 && status < 300),
);
console.log(
  `${values.engine}: ${done} rotations in ${seconds.toFixed(0)} s under ${(webhooks / seconds).toFixed(0)} webhooks and ` +
    `${(sent.length / seconds).toFixed(0)} sends a second; ${refused.length} webhooks refused, ${failed.length} messages failed, ` +
    `${open.length} not delivered`,
);
if (refused.length > 0) console.log(refused.slice(0, 3));
if (failed.length > 0) console.log(failed.slice(0, 3));

await app.close();
await twilio.stop();
await postgres?.remove();
rmSync(folder, { recursive: true, force: true });
process.exitCode = refused.length + failed.length + open.length === 0 ? 0 : 1;

async function atRate(rate, act) {
  const started = Date.now();
  const pending = new Set();
  for (let number = 0; !ending; number++) {
    const due = started + (number * 1000) / rate;
    if (Date.now() < due) await pause(due - Date.now());
    const one = act(number).finally(() => pending.delete(one));
    pending.add(one);
  }
  await Promise.all(pending);
}

async function unfinished() {
  const open = [];
  for (const message of sent) {
    const { status } = await outbound.get(message);
    if (!['delivered', 'read', 'failed', 'undelivered'].includes(status)) open.push(message);
  }
  return open;
}

/** Twilio's console, as the owner of the account uses it. */
async function call(path, field) {
  const basic = Buffer.from(`${account.accountSid}:${account.authToken}`).toString('base64');
  const response = await fetch(`${twilio.url}/v1/AuthTokens/${path}`, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}` },
  });
  return (await response.json())[field];
}

async function startApp() {
  class App {}
  Module({
    imports: [
      WhatsappTwilioModule.forRoot({
        accountSid: twilio.accountSid,
        authToken: twilio.authToken,
        fromNumber: twilio.sender,
        apiBaseUrl: twilio.url,
        publicUrl: `http://127.0.0.1:${port}`,
        rateLimit: { rpm: 1_000_000 },
        storage: { url: postgres?.url ?? `sqlite:${join(folder, 'rotate.db')}` },
        encryptionKeys: `a:${randomBytes(32).toString('base64')}`,
        rotation: { promoteAfterMs: 2000, overlapMs: 2000 },
      }),
    ],
  })(App);
  const started = await NestFactory.create(App, new FastifyAdapter(), { rawBody: true, logger: ['error', 'fatal'] });
  await started.listen(port, '127.0.0.1');
  return started;
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: free } = server.address();
  server.close();
  await once(server, 'close');
  return free;
}

async function startPostgres() {
  require('../support/register-typescript.cjs');
  return require('../support/postgres.ts').startPostgres();
}
