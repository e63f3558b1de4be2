import { createRequire } from 'node:module';
import { median } from './measure.mjs';

const require = createRequire(import.meta.url);
const { Client } = require('undici');
const { createService } = require('../dist/service/create-service.js');
const { readServiceConfiguration } = require('../dist/service/service-configuration.js');
const { randomBytes } = require('node:crypto');

const ROUNDS = 6000;
const SECRET = randomBytes(24).toString('hex');

/** What is tried in place of the secret, fresh each time; the first two are alike, and show how much is noise. */
const guesses = {
  'anything as long': () => randomBytes(24).toString('hex'),
  'anything as long, once more': () => randomBytes(24).toString('hex'),
  'right but for the last character': () => SECRET.slice(0, -1) + (SECRET.endsWith('0') ? '1' : '0'),
  'right in its first half': () => SECRET.slice(0, 24) + randomBytes(12).toString('hex'),
  'of another length': () => randomBytes(5).toString('hex'),
};

/** How long a wrong API key is considered, over loopback: whether the time tells how wrong it is. */
export async function compareApiKeys() {
  const environment = {
    TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
    TWILIO_AUTH_TOKEN: 'none',
    DATABASE_URL: 'sqlite::memory:',
    LOG_LEVEL: 'fatal',
    API_KEYS: `other:${randomBytes(24).toString('hex')},app:${SECRET}`,
    // Each guess comes from an address of its own: nobody is locked out.
    TRUST_PROXY: 'loopback',
  };
  const app = await createService(readServiceConfiguration((name) => environment[name]));
  await app.listen(0, '127.0.0.1');
  const client = new Client(await app.getUrl());
  const times = Object.fromEntries(Object.keys(guesses).map((name) => [name, []]));
  for (let round = -500; round < ROUNDS; round++) {
    for (const [name, guess] of Object.entries(guesses)) {
      const headers = {
        authorization: `Bearer ${guess()}`,
        'x-forwarded-for': `198.18.${Math.floor(Math.random() * 256)}.${Math.floor(Math.random() * 256)}`,
      };
      const start = process.hrtime.bigint();
      const { statusCode, body } = await client.request({ method: 'GET', path: '/v1/messages', headers });
      await body.dump();
      const took = Number(process.hrtime.bigint() - start) / 1000;
      if (statusCode !== 401) throw new Error(`${name} was answered with ${statusCode}`);
      if (round >= 0) times[name].push(took);
    }
  }
  await client.close();
  await app.close();
  const base = median(Object.values(times)[0]);
  return {
    title: 'A wrong API key, microseconds',
    columns: ['key', 'median', 'compared with the first'],
    rows: Object.entries(times).map(([name, each]) => [
      name,
      median(each).toFixed(1),
      `${median(each) >= base ? '+' : ''}${(median(each) - base).toFixed(1)}`,
    ]),
    notes: `${(ROUNDS * Object.keys(guesses).length).toLocaleString('en')} requests over loopback, in turn. All keys are compared as hashes, in constant time.`,
  };
}
