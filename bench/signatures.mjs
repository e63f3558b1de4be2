import { createRequire } from 'node:module';
import { callsPerSecond, count, inTurn, ratio } from './measure.mjs';

const require = createRequire(import.meta.url);
const { verifyTwilioSignature } = require('../dist/index.js');
const { inbound, signWebhook } = require('../dist/testing/index.js');
const { validateRequest } = require('twilio');

const authToken = 'a'.repeat(32);
const url = 'https://example.com/webhooks/whatsapp/twilio';

/** Verification of the same parsed form by both. */
export async function compareSignatures() {
  const forms = {
    '16 parameters, as WhatsApp sends': inbound.text(),
    '1000 parameters': Object.fromEntries(
      Array.from({ length: 1000 }, (_, index) => [`Parameter${index}`, `value ${index}`]),
    ),
  };
  const rows = [];
  for (const [form, params] of Object.entries(forms)) {
    const signature = signWebhook({ authToken, url, params }).headers['x-twilio-signature'];
    const ours = () => verifyTwilioSignature({ signature, url, params }, authToken);
    const theirs = () => validateRequest(authToken, signature, url, params);
    if (!ours() || !theirs()) throw new Error(`${form}: a genuine signature was refused`);
    const forged = Buffer.alloc(20).toString('base64');
    const oursForged = () => verifyTwilioSignature({ signature: forged, url, params }, authToken);
    const theirsForged = () => validateRequest(authToken, forged, url, params);
    if (oursForged() || theirsForged()) throw new Error(`${form}: a forged signature was accepted`);
    rows.push(
      await compare(`${form}, genuine`, ours, theirs),
      await compare(`${form}, forged`, oursForged, theirsForged),
    );
  }
  return {
    title: 'Verified signatures a second',
    columns: ['form', 'ours', '`twilio` validateRequest', 'ours / theirs'],
    rows,
    notes: 'Both get the same parsed parameters. Both try other spellings of the URL before they refuse one.',
  };
}

async function compare(what, ours, theirs) {
  const perSecond = await inTurn(3, {
    ours: () => callsPerSecond(ours, 200),
    theirs: () => callsPerSecond(theirs, 200),
  });
  return [what, count(perSecond.ours), count(perSecond.theirs), ratio(perSecond.ours, perSecond.theirs)];
}
