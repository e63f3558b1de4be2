import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Agent } from 'undici';
import { startChild } from './child.mjs';
import { asyncCallsPerSecond, count, inTurn, ratio } from './measure.mjs';

const require = createRequire(import.meta.url);
const { inbound, samples, signWebhook } = require('../dist/testing/index.js');

const authToken = 'a'.repeat(32);
const concurrency = 32;

/** Webhooks that were acknowledged, each of another message, from many users. */
export async function compareInbound() {
  const folder = mkdtempSync(join(tmpdir(), 'whatsapp-twilio-bench-'));
  try {
    const theirs = await acknowledgedPerSecond('bare-webhook.mjs', { TWILIO_AUTH_TOKEN: authToken });
    const ours = await acknowledgedPerSecond('../dist/service/main.js', {
      TWILIO_ACCOUNT_SID: samples.accountSid,
      TWILIO_AUTH_TOKEN: authToken,
      TWILIO_API_BASE_URL: 'http://127.0.0.1:9',
      WHATSAPP_FROM_NUMBER: samples.sender,
      DATABASE_URL: `sqlite:${join(folder, 'bench.db')}`,
      HOST: '127.0.0.1',
      PORT: '0',
      LOG_FORMAT: 'text',
      API_AUTH: 'none',
    });
    return {
      title: `Acknowledged webhooks a second, ${concurrency} at a time`,
      columns: ['', 'acknowledged a second', 'of the bare handler'],
      rows: [
        [
          'the service: verified, committed to a SQLite file with a full fsync, then handled',
          count(ours),
          ratio(ours, theirs),
        ],
        ['Fastify and `validateRequest`, nothing else', count(theirs), ratio(theirs, theirs)],
      ],
      notes:
        'The bare handler keeps nothing: a crash loses the message, a repeat from Twilio is handled twice, and nothing ' +
        'is put in order. One runs after the other, as the service goes on handling what it acknowledged.',
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function acknowledgedPerSecond(script, env) {
  const server = await startChild(fileURLToPath(new URL(script, import.meta.url)), env);
  const agent = new Agent({ connections: concurrency });
  const load = (ms) => asyncCallsPerSecond(() => deliver(agent, server.url), { concurrency, ms });
  try {
    await load(500);
    const { perSecond } = await inTurn(3, { perSecond: () => load(2500) });
    return perSecond;
  } finally {
    await agent.close();
    await server.stop();
  }
}

let user = 0;

async function deliver(agent, origin) {
  user = (user + 1) % 5000;
  const params = inbound.text({ From: `whatsapp:+1555${String(1_000_000 + user)}` });
  const { url, headers, body } = signWebhook({ authToken, url: `${origin}/webhooks/whatsapp/twilio`, params });
  const { origin: target, pathname } = new URL(url);
  const answer = await agent.request({ origin: target, path: pathname, method: 'POST', headers, body });
  const text = await answer.body.text();
  if (answer.statusCode !== 200) throw new Error(`A webhook was answered with ${answer.statusCode}: ${text}`);
}
