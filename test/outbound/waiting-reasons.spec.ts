import { startWhatsappHost, type WhatsappHost } from '../support/whatsapp-host';
import { TestClock } from '../support/test-clock';

const ANA = '+15551230001';
const BEN = '+15551230002';

describe('What a message waits for', () => {
  let host: WhatsappHost;
  afterEach(() => host.close());

  it('is the rest of the minute, once the budget is used up', async () => {
    const clock = new TestClock();
    host = await startWhatsappHost({ clock, module: { rateLimit: { rpm: 1 } } });
    await host.twilio.phone(ANA).sends('hi');
    await host.twilio.phone(BEN).sends('hi');
    const first = await host.outbound.send({ to: ANA, text: 'one' });
    await host.recorder.reaches(first, 'read');
    const second = await host.outbound.send({ to: BEN, text: 'two' });
    const { waiting } = (await host.outbound.get(second.id))!;
    expect(waiting?.reason).toBe('rate-limit');
    const left = waiting!.until!.getTime() - clock.now();
    expect(left).toBeGreaterThan(55_000);
    expect(left).toBeLessThanOrEqual(61_100);
    const { messages } = await host.outbound.list({ status: 'queued' });
    expect(messages).toMatchObject([{ id: second.id, waiting: { reason: 'rate-limit' } }]);
  });

  it('is the one before it, in its conversation', async () => {
    const clock = new TestClock();
    host = await startWhatsappHost({ clock });
    await host.twilio.phone(ANA).sends('hi');
    host.twilio.faults({ rest: { status: 503, times: 1000 } });
    const first = await host.outbound.send({ to: ANA, text: 'one' });
    await host.recorder.updates.first(({ messageId }) => messageId === first.id);
    const second = await host.outbound.send({ to: ANA, text: 'two' });
    expect((await host.outbound.get(second.id))!.waiting).toEqual({ reason: 'order' });
    expect((await host.outbound.cancel(second.id)).waiting).toBeUndefined();
  });
});
