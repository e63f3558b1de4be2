import { startWhatsappHost, type WhatsappHost } from '../support/whatsapp-host';
import { TestClock } from '../support/test-clock';

/** A message of Twilio's that its sender, or its queue, has too many. */
const OVERLOADED = 63018;
const SENDERS = { busy: 'whatsapp:+15550006789', other: 'whatsapp:+15550001111' };

describe('A sender that WhatsApp takes no more messages from (63018)', () => {
  let host: WhatsappHost;
  let clock: TestClock;
  let users = 0;

  beforeEach(async () => {
    clock = new TestClock();
    host = await startWhatsappHost({ clock, emulator: { enforceWindow: false, statusDelayMs: 0 } });
  });

  afterEach(() => host.close());

  const send = (from = SENDERS.busy) => host.outbound.send({ to: `+1555300${1000 + users++}`, text: 'Hi', from });

  /** A message of the sender's is taken by Twilio, and then refused by WhatsApp. */
  async function overload(): Promise<void> {
    host.twilio.faults({ delivery: { errorCode: OVERLOADED } });
    const failed = await host.recorder.reaches(await send(), 'failed');
    expect(failed.error).toMatchObject({ code: OVERLOADED, retryable: true });
  }

  it('rests, and goes on by itself', async () => {
    await overload();
    const begin = clock.now();
    const next = await send();
    const other = await send(SENDERS.other);
    await host.recorder.reaches(other, 'failed'); // not a sender of this account, but Twilio was asked
    expect(await host.outbound.get(next.id)).toMatchObject({ status: 'queued' });
    await clock.reach(begin + 5000);
    await host.recorder.reaches(next, 'delivered');
  });

  it('rests for twice as long each time it happens again', async () => {
    for (const rest of [5, 10, 20, 40]) {
      await overload();
      const begin = clock.now();
      const next = await send();
      await clock.reach(begin + rest * 1000);
      await host.recorder.reaches(next, 'delivered');
    }
  });

  it('begins with a short rest again after it went well for a while', async () => {
    await overload();
    clock.advance('1m');
    await overload();
    const begin = clock.now();
    const next = await send();
    await clock.reach(begin + 5000);
    await host.recorder.reaches(next, 'delivered');
  });

  it('rests once for all that left together', async () => {
    host.twilio.faults({ delivery: { errorCode: OVERLOADED, times: 5 } });
    const together = await Promise.all(Array.from({ length: 5 }, () => send()));
    for (const message of together) await host.recorder.reaches(message, 'failed');
    const begin = clock.now();
    const next = await send();
    await clock.reach(begin + 5000);
    await host.recorder.reaches(next, 'delivered');
  });
});
