import { OutboundClaims } from '../../src/whatsapp-twilio/outbound/outbound-claims';
import { Happenings } from '../support/happenings';
import { startWhatsappHost, type WhatsappHost } from '../support/whatsapp-host';

/** The answer to the commit in which messages were claimed does not come, as when the connection breaks just then. */
describe('A claim whose answer is lost', () => {
  let host: WhatsappHost;
  let claimed: Happenings<number>;

  beforeEach(async () => {
    claimed = new Happenings();
    const { claim } = OutboundClaims.prototype;
    jest.spyOn(OutboundClaims.prototype, 'claim').mockImplementation(async function (this: OutboundClaims, limit) {
      const answer = await claim.call(this, limit);
      if (answer.items.length === 0) return answer;
      claimed.add(answer.items.length);
      if (claimed.all.length === 1) throw Object.assign(new Error('Connection terminated'), { code: 'ECONNRESET' });
      return answer;
    });
    host = await startWhatsappHost();
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    await host.close();
  });

  it('holds nothing up: what was claimed has not left, and is claimed again', async () => {
    const message = await host.outbound.send({ to: '+15551230001', text: 'Hi' });
    await host.recorder.reaches(message, 'accepted');
    expect(claimed.all).toEqual([1, 1]);
    expect(host.twilio.messages).toHaveLength(1);
    const { history } = (await host.outbound.get(message.id))!;
    expect(history.map(({ status }) => status)).not.toContain('unknown');
  });
});
