import { startWhatsappHost, type WhatsappHost } from '../support/whatsapp-host';
import { expectNothingLost, underLoad } from '../support/rotation-load';

describe('The configured connection', () => {
  let host: WhatsappHost;
  afterEach(() => host.close());

  it('goes on with its secondary token when that is promoted in the console', async () => {
    const [before, secondary] = ['a'.repeat(32), 'b'.repeat(32)];
    host = await startWhatsappHost({
      emulator: { authToken: before, enforceWindow: false, keep: { requests: 100_000 } },
      module: { authToken: [before, secondary], rateLimit: { rpm: 100_000 } },
    });
    const promoted = host.recorder.messages.count(20).then(() => host.twilio.changeToken(secondary));
    const { sent } = await underLoad(
      host,
      { account: host.twilio },
      promoted.then(() => host.recorder.messages.count(60)),
    );
    expect(sent.length).toBeGreaterThan(3);
    await expectNothingLost(host, sent);
    const refused = host.twilio.requests.filter(({ kind, status }) => kind === 'rest' && status === 401);
    expect(refused.length).toBeGreaterThan(0); // it noticed by being refused,
    expect(refused.length).toBeLessThanOrEqual(12); // and no more than for what was under way
  });
});
