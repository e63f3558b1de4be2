import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { startChild } from './child.mjs';
import { count, inTurn, ratio } from './measure.mjs';

const require = createRequire(import.meta.url);
require('reflect-metadata');
const { Module } = require('@nestjs/common');
const { NestFactory } = require('@nestjs/core');
const { OutboundService, WhatsappTwilioModule } = require('../dist/index.js');
const { newId } = require('../dist/common/ids.js');
const { KeyRing } = require('../dist/whatsapp-twilio/connections/key-ring.js');
const { placeOf } = require('../dist/whatsapp-twilio/connections/stored-connections.js');
const { DATABASE } = require('../dist/whatsapp-twilio/tokens.js');

const BUSY = 10;
const [FEW, MANY] = [BUSY, 1000];
const MESSAGES = 300;

/** The same work for ten connections, where there are no others and where there are 990. */
export async function compareConnections() {
  const stub = await startChild(fileURLToPath(new URL('twilio-stub.mjs', import.meta.url)));
  const apps = await Promise.all([FEW, MANY].map((connections) => startApp(stub.url, connections)));
  try {
    const [few, many] = apps.map((app) => () => sendsPerSecond(app));
    await few();
    await many();
    const perSecond = await inTurn(3, { few, many });
    return {
      title: `Sends a second of ${BUSY} stored connections`,
      columns: ['', `${FEW} stored`, `${MANY} stored`, `${MANY} / ${FEW}`],
      rows: [['queued and sent', count(perSecond.few), count(perSecond.many), ratio(perSecond.many, perSecond.few)]],
      notes: 'Work is found by the registration that serves it, and a connection when its work is at hand.',
    };
  } finally {
    await Promise.all(apps.map(({ app }) => app.close()));
    await stub.stop();
  }
}

async function sendsPerSecond({ app, ids, db }) {
  const outbound = app.get(OutboundService);
  const started = performance.now();
  await Promise.all(
    Array.from({ length: MESSAGES }, (_, number) =>
      outbound.send({ connectionId: ids[number % BUSY], to: `+1555${1_000_000 + number}`, text: 'Hello' }),
    ),
  );
  for (;;) {
    const { waiting } = await db
      .selectFrom('outbound_messages')
      .select(({ fn }) => fn.countAll().as('waiting'))
      .where('due_at', 'is not', null)
      .executeTakeFirstOrThrow();
    if (Number(waiting) === 0) return (MESSAGES * 1000) / (performance.now() - started);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function startApp(apiBaseUrl, connections) {
  const key = Buffer.alloc(32, 1);
  class App {}
  Module({
    imports: [
      WhatsappTwilioModule.forRoot({
        accountSid: `AC${'f'.repeat(32)}`,
        authToken: 'f'.repeat(32),
        apiBaseUrl,
        path: false,
        rateLimit: { rpm: 1_000_000 },
        encryptionKeys: `bench:${key.toString('base64')}`,
      }),
    ],
  })(App);
  const app = await NestFactory.createApplicationContext(App, { logger: ['error', 'fatal'] });
  const db = app.get(DATABASE, { strict: false });
  const keys = new KeyRing([{ id: 'bench', key }]);
  const rows = Array.from({ length: connections }, (_, number) => rowOf(keys, number));
  for (let at = 0; at < rows.length; at += 40) {
    await db
      .insertInto('connections')
      .values(rows.slice(at, at + 40))
      .execute();
  }
  return { app, db, ids: rows.slice(0, BUSY).map(({ id }) => id) };
}

function rowOf(keys, number) {
  const id = newId();
  return {
    id,
    scope: 'default',
    state: 'active',
    account_sid: `AC${String(number).padStart(32, '0')}`,
    sender: `+1556${1_000_000 + number}`,
    auth_token: keys.encrypt('a'.repeat(32), placeOf(id, 'auth_token')),
    key_id: 'bench',
    version: 1,
    created_at: 0,
    updated_at: 0,
  };
}
