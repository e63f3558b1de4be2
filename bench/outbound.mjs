import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { startChild } from './child.mjs';
import { asyncCallsPerSecond, count, inTurn, ratio } from './measure.mjs';

const require = createRequire(import.meta.url);
const twilio = require('twilio');
const { TwilioClient } = require('../dist/whatsapp-twilio/twilio/twilio-client.js');

const accountSid = `AC${'0'.repeat(32)}`;
const authToken = 'a'.repeat(32);
const from = 'whatsapp:+15557654321';
const to = 'whatsapp:+15551230001';
const concurrency = 20;

/** The official client on its own keep-alive agent; only the origin of its calls is another. */
class LoopbackRequestClient extends twilio.RequestClient {
  constructor(origin) {
    super({ keepAlive: true, maxSockets: concurrency });
    this.origin = origin;
  }

  request(options) {
    const { pathname, search } = new URL(options.uri);
    return super.request({ ...options, uri: this.origin + pathname + search });
  }
}

/** Messages sent to a local stand-in for Twilio that answers at once. */
export async function compareOutbound() {
  const stub = await startChild(fileURLToPath(new URL('twilio-stub.mjs', import.meta.url)));
  const ours = new TwilioClient({ accountSid, username: accountSid, password: authToken, baseUrl: stub.url });
  const theirs = twilio(accountSid, authToken, { httpClient: new LoopbackRequestClient(stub.url) });
  try {
    const sendOurs = () => ours.createMessage(new URLSearchParams({ From: from, To: to, Body: 'Hello' }));
    const sendTheirs = () => theirs.messages.create({ from, to, body: 'Hello' });
    const load = (send, ms) => asyncCallsPerSecond(send, { concurrency, ms });
    await load(sendOurs, 300);
    await load(sendTheirs, 300);
    const perSecond = await inTurn(3, { ours: () => load(sendOurs, 1500), theirs: () => load(sendTheirs, 1500) });
    return {
      title: `Sends a second by the REST client, ${concurrency} at a time`,
      columns: ['', 'ours', '`twilio`', 'ours / theirs'],
      rows: [
        ['messages created', count(perSecond.ours), count(perSecond.theirs), ratio(perSecond.ours, perSecond.theirs)],
      ],
      notes:
        'Twilio itself would answer in 50 to 300 ms: this is what the clients cost the process, not what they achieve.',
    };
  } finally {
    await ours.close();
    await stub.stop();
  }
}
