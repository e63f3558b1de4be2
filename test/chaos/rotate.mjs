// Auth tokens rotated under a steady load: webhooks and sends at these rates, while one rotation after the other is made,
// by Twilio's API and by hand. Not one webhook may be refused and not one message fail.
//
//   node test/chaos/rotate.mjs [--engine sqlite|postgres] [--webhooks 200] [--sends 20] [--rotations 2]
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { freePort, startPostgres } from './support.mjs';

const require = createRequire(import.meta.url);
const { TwilioEmulator } = require('../../dist/emulator/index.js');

const { values } = parseArgs({
  options: {
    engine: { type: 'string', default: 'sqlite' },
    webhooks: { type: 'string', default: '200' },
    sends: { type: 'string', default: '20' },
    rotations: { type: 'string', default: '2' },
  },
});
const USERS = 400;
const author = { actor: 'chaos' };

const folder = mkdtempSync(join(tmpdir(), 'whatsapp-twilio-rotate-'));
const postgres = values.engine === 'postgres' ? await startPostgres() : undefined;
const twilio = await TwilioEmulator.start({ statusDelayMs: 5, enforceWindow: false, keep: { requests: 200_000 } });
const port = await freePort();
const { app, ask } = await startApp();
const account = twilio.account({ webhookUrl: `http://127.0.0.1:${port}/webhooks/whatsapp/twilio` });
const { accountSid, authToken, sender: fromNumber } = account;
const { id } = await ask('connections', 'create', { accountSid, authToken, fromNumber }, author);

let ending = false;
let webhooks = 0;
const sent = [];
const problems = [];
const begin = Date.now();
const load = [
  atRate(Number(values.webhooks), async (number) => {
    webhooks++;
    await account.phone(`+1555${1_000_000 + (number % USERS)}`).sends(String(number));
  }),
  atRate(Number(values.sends), async (number) => {
    const to = `+1555${2_000_000 + (number % USERS)}`;
    sent.push((await ask('outbound', 'send', { connectionId: id, to, text: String(number) })).id);
  }),
];
let done = 0;
for (let round = 0; round < Number(values.rotations); round++) {
  await rotate({});
  await rotate({ authToken: await twilioConsole('Secondary', 'secondary_auth_token') });
}
const seconds = (Date.now() - begin) / 1000;
ending = true;
await Promise.all(load);

let states = await statesOf(sent);
for (let look = 0; look < 120 && states.some(isOpen); look++) {
  await pause(500);
  states = await statesOf(sent);
}
const failed = states.filter(({ status }) => status === 'failed' || status === 'undelivered');
const open = states.filter(isOpen);
const refused = twilio.requests.filter(
  ({ kind, status = 0 }) => (kind === 'inbound' || kind === 'status') && (status < 200 || status >= 300),
);
const forbidden = refused.filter(({ status }) => status === 403);
console.log(
  `${values.engine}: ${done} rotations in ${seconds.toFixed(0)} s under ${(webhooks / seconds).toFixed(0)} webhooks and ` +
    `${(sent.length / seconds).toFixed(0)} sends a second; ${forbidden.length} webhooks refused, ` +
    `${refused.length - forbidden.length} not answered in time, ${failed.length} messages failed, ${open.length} not delivered`,
);
problems.push(...refused.slice(0, 2), ...failed.slice(0, 2));
for (const problem of problems) console.log(problem);

app.kill('SIGTERM');
await once(app, 'exit');
await twilio.stop();
await postgres?.remove();
rmSync(folder, { recursive: true, force: true });
process.exitCode = refused.length + failed.length + open.length === 0 ? 0 : 1;

/** Makes one rotation; a given token is promoted in the console a second later. */
async function rotate(options) {
  await ask('rotations', 'start', id, options, author);
  if (options.authToken !== undefined) {
    await pause(1000);
    await twilioConsole('Promote', 'auth_token');
  }
  while ((await ask('connections', 'get', id)).rotation.step !== 'done') await pause(250);
  done++;
}

async function atRate(rate, act) {
  const started = Date.now();
  const pending = new Set();
  for (let number = 0; !ending; number++) {
    const due = started + (number * 1000) / rate;
    if (Date.now() < due) await pause(due - Date.now());
    const one = act(number)
      .catch((error) => problems.push(error.message))
      .finally(() => pending.delete(one));
    pending.add(one);
  }
  await Promise.all(pending);
}

function statesOf(ids) {
  return Promise.all(ids.map((each) => ask('outbound', 'get', each)));
}

function isOpen({ status }) {
  return !['delivered', 'read', 'failed', 'undelivered'].includes(status);
}

/** Twilio's console, as the owner of the account uses it. */
async function twilioConsole(path, field) {
  const basic = Buffer.from(`${account.accountSid}:${account.authToken}`).toString('base64');
  const response = await fetch(`${twilio.url}/v1/AuthTokens/${path}`, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}` },
  });
  return (await response.json())[field];
}

async function startApp() {
  const options = {
    accountSid: twilio.accountSid,
    authToken: twilio.authToken,
    fromNumber: twilio.sender,
    apiBaseUrl: twilio.url,
    publicUrl: `http://127.0.0.1:${port}`,
    rateLimit: { rpm: 1_000_000 },
    storage: { url: postgres?.url ?? `sqlite:${join(folder, 'rotate.db')}` },
    encryptionKeys: `a:${randomBytes(32).toString('base64')}`,
    // Twilio gives up on a webhook after 15 s: nothing older can still be on its way.
    rotation: { promoteAfterMs: 2000, overlapMs: 15_000 },
  };
  const child = fork(fileURLToPath(new URL('rotate-app.mjs', import.meta.url)), {
    env: { ...process.env, PORT: String(port), MODULE_OPTIONS: JSON.stringify(options) },
  });
  const waiting = new Map();
  child.on('message', ({ call, result, error }) => {
    const { resolve, reject } = waiting.get(call) ?? {};
    waiting.delete(call);
    if (error === undefined) resolve?.(result);
    else reject?.(new Error(error));
  });
  await once(child, 'message');
  let calls = 0;
  return {
    app: child,
    ask: (service, method, ...args) =>
      new Promise((resolve, reject) => {
        waiting.set(++calls, { resolve, reject });
        child.send({ call: calls, service, method, args });
      }),
  };
}
