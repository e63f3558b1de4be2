import { Injectable } from '@nestjs/common';
import { OnWhatsappStatus, type OutboundStatus, type StatusUpdate } from 'nestjs-whatsapp-twilio';
import { Happenings } from '../support/happenings';
import { TestClock } from '../support/test-clock';
import { startWhatsappHost, type WhatsappHost } from '../support/whatsapp-host';

const TO = '+15551230001';

/** Its `failures` are thrown before it succeeds. */
@Injectable()
class Alarm {
  readonly raised = new Happenings<StatusUpdate>();
  readonly other = new Happenings<StatusUpdate>();
  failures = 0;

  @OnWhatsappStatus('failed', 'undelivered')
  raise(update: StatusUpdate): void {
    this.raised.add(update);
    if (this.failures-- > 0) throw new Error('the pager is out of battery');
  }

  @OnWhatsappStatus('failed')
  note(update: StatusUpdate): void {
    this.other.add(update);
  }
}

describe('@OnWhatsappStatus', () => {
  let host: WhatsappHost;
  let clock: TestClock;
  let alarm: Alarm;

  beforeEach(async () => {
    clock = new TestClock();
    const module = { handlers: { maxAttempts: 3, retryDelayMs: 1000 } };
    host = await startWhatsappHost({ clock, emulator: { statusDelayMs: 0 }, providers: [Alarm], module });
    alarm = host.app.get(Alarm);
  });

  afterEach(() => host.close());

  it('calls a method for the statuses that it names, and only for those', async () => {
    await host.twilio.phone(TO).sends('Hello');
    await host.recorder.reaches(await host.outbound.send({ to: TO, text: 'Hi' }), 'read');
    expect(alarm.raised.all).toEqual([]);

    host.twilio.faults({ delivery: { errorCode: 63024, status: 'undelivered' } });
    const metadata = { orderId: '4711' };
    const lost = await host.outbound.send({ to: TO, text: 'Hi', metadata });
    const update = await alarm.raised.first();
    expect(update).toEqual({
      messageId: lost.id,
      sid: expect.stringMatching(/^SM/),
      connectionId: 'default',
      conversationId: lost.conversationId,
      to: { kind: 'phone', value: TO },
      status: 'undelivered',
      previousStatus: 'sent',
      error: expect.objectContaining({ code: 63024 }),
      metadata,
      at: new Date(clock.now()),
    });
    expect(alarm.other.all).toEqual([]);
  });

  it('calls again what threw, after a growing pause, and not what succeeded', async () => {
    alarm.failures = 2;
    await host.outbound.send({ to: TO, text: 'Hi' }); // fails, as the window is closed
    await alarm.raised.count(1);
    await clock.reach(clock.now() + 500);
    await alarm.raised.count(2);
    await clock.reach(clock.now() + 1000);
    await alarm.raised.count(3);
    expect(new Set(alarm.raised.all.map(({ messageId }) => messageId)).size).toBe(1);
    expect(alarm.other.all).toHaveLength(1);
  });

  it('gives up after its attempts, and other messages are not held up meanwhile', async () => {
    alarm.failures = 3;
    const stuck = await host.outbound.send({ to: TO, text: 'Hi' });
    await alarm.raised.count(1);
    await clock.reach(clock.now() + 500);
    await alarm.raised.count(2);
    await clock.reach(clock.now() + 1000);
    await alarm.raised.count(3);
    await host.outbound.send({ to: '+15551230002', text: 'Hi' });
    await alarm.raised.count(4);
    const events = await host.db.selectFrom('message_events').selectAll().where('message_id', '=', stuck.id).execute();
    expect(events.find(({ status }) => status === 'failed')).toMatchObject({ state: 'dead', attempts: 3 });
  });

  it('tells of each message in the order it went, one after the other', async () => {
    await host.twilio.phone(TO).sends('Hello');
    const messages = await Promise.all(
      Array.from({ length: 5 }, (_, index) => host.outbound.send({ to: TO, text: `Message ${index}` })),
    );
    for (const message of messages) await host.recorder.reaches(message, 'read');
    const expected: OutboundStatus[] = ['sending', 'accepted', 'sent', 'delivered', 'read'];
    for (const { id } of messages) {
      const told = host.recorder.updates.all.filter(({ messageId }) => messageId === id).map(({ status }) => status);
      // A callback may overtake the answer to the request; then there is no `accepted` to tell of.
      expect(told).toEqual(expected.filter((status) => status !== 'accepted' || told.includes('accepted')));
    }
  });
});
