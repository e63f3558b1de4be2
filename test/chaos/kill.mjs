// Webhooks at a steady rate while the app is killed (SIGKILL) every few seconds and started again: what was acknowledged
// is handled, and each reply reaches Twilio once.
//
//   node test/chaos/kill.mjs [--engine sqlite|postgres] [--rate 300] [--seconds 60] [--kill-every 3]
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Agent, request } from 'undici';

const require = createRequire(import.meta.url);
const { TwilioEmulator } = require('../../dist/emulator/index.js');
const { inbound, signWebhook } = require('../../dist/testing/index.js');

const { values } = parseArgs({
  options: {
    engine: { type: 'string', default: 'sqlite' },
    rate: { type: 'string', default: '300' },
    seconds: { type: 'string', default: '60' },
    'kill-every': { type: 'string', default: '3' },
    settle: { type: 'string', default: '30' },
  },
});
const rate = Number(values.rate);
const seconds = Number(values.seconds);
const killEvery = Number(values['kill-every']) * 1000;
const USERS = 500;

const folder = mkdtempSync(join(tmpdir(), 'whatsapp-twilio-chaos-'));
const postgres = values.engine === 'postgres' ? await startPostgres() : undefined;
const twilio = await TwilioEmulator.start({ statusDelayMs: 5, enforceWindow: false });
const port = await freePort();
const url = `http://127.0.0.1:${port}/webhooks/whatsapp/twilio`;
const agent = new Agent({ connections: 50, connect: { timeout: 1000 } });

let app = await startApp();
const ending = new AbortController();
let kills = 0;
const killer = (async () => {
  for (;;) {
    await pause(killEvery, undefined, { signal: ending.signal }).catch(() => {});
    if (ending.signal.aborted) return;
    app.kill('SIGKILL');
    await once(app, 'exit');
    kills++;
    app = await startApp();
  }
})();

const acknowledged = new Set();
const refused = {};
const begin = Date.now();
const pending = new Set();
for (let number = 0; number < rate * seconds; number++) {
  const due = begin + (number * 1000) / rate;
  if (Date.now() < due) await pause(due - Date.now());
  const one = deliver(number).finally(() => pending.delete(one));
  pending.add(one);
}
await Promise.all(pending);
ending.abort();
await killer;
const lastStart = Date.now();

let replies;
for (;;) {
  replies = repliesBySid();
  const isComplete = [...acknowledged].every((sid) => replies.has(sid));
  if (isComplete || Date.now() - lastStart > Number(values.settle) * 1000) break;
  await pause(250);
}
const settledAfter = (Date.now() - lastStart) / 1000;
await pause(2000); // a second reply would come now
replies = repliesBySid();
const lost = [...acknowledged].filter((sid) => !replies.has(sid));
const doubled = [...replies].filter(([, count]) => count > 1);
const failures = lost.length + doubled.length;
console.log(
  `${values.engine}: ${acknowledged.size} acknowledged of ${rate * seconds} sent in ${seconds} s, not acknowledged: ${JSON.stringify(refused)}, ` +
    `${kills} kills; ${lost.length} without a reply, ${doubled.length} replied to twice; settled ${settledAfter.toFixed(1)} s after the last start`,
);

app.kill('SIGTERM');
await once(app, 'exit');
await agent.close();
await twilio.stop();
await postgres?.remove();
rmSync(folder, { recursive: true, force: true });
process.exitCode = failures === 0 ? 0 : 1;

async function deliver(number) {
  const params = inbound.text({
    AccountSid: twilio.accountSid,
    From: `whatsapp:+1555${String(1_000_000 + (number % USERS))}`,
    To: twilio.sender,
    Body: String(number),
  });
  const { headers, body } = signWebhook({ authToken: twilio.authToken, url, params });
  try {
    const answer = await request(url, { method: 'POST', headers, body, dispatcher: agent, headersTimeout: 15_000 });
    await answer.body.dump();
    if (answer.statusCode === 200) acknowledged.add(params.MessageSid);
    else countRefusal(answer.statusCode);
  } catch (error) {
    countRefusal(error.code); // the app was down; Twilio would have tried its fallback
  }
}

function countRefusal(reason) {
  refused[reason] = (refused[reason] ?? 0) + 1;
}

function repliesBySid() {
  const counts = new Map();
  for (const { direction, body } of twilio.messages) {
    if (direction !== 'outbound-api') continue;
    const sid = body.slice('re '.length);
    counts.set(sid, (counts.get(sid) ?? 0) + 1);
  }
  return counts;
}

async function startApp() {
  const options = {
    accountSid: twilio.accountSid,
    authToken: twilio.authToken,
    fromNumber: twilio.sender,
    apiBaseUrl: twilio.url,
    rateLimit: { rpm: 1_000_000 },
    storage: { url: postgres?.url ?? `sqlite:${join(folder, 'chaos.db')}` },
  };
  const child = fork(fileURLToPath(new URL('app.mjs', import.meta.url)), {
    env: { ...process.env, PORT: String(port), MODULE_OPTIONS: JSON.stringify(options) },
  });
  await Promise.race([once(child, 'message'), once(child, 'exit')]);
  return child;
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
