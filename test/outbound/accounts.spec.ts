import { Happenings } from '../support/happenings';
import { addTenant, startTenantHost, type Tenant } from '../support/tenants';
import { TestClock } from '../support/test-clock';
import type { WhatsappHost } from '../support/whatsapp-host';

const RPM = 10;

describe('One account’s messages', () => {
  let host: WhatsappHost;
  let clock: TestClock;
  let busy: Tenant;
  let other: Tenant;
  /** The sender of each request, as it came. */
  let sent: Happenings<string>;
  let users = 0;

  beforeEach(async () => {
    clock = new TestClock();
    host = await startTenantHost({ clock, module: { rateLimit: { rpm: RPM }, publicUrl: undefined } });
    busy = await addTenant(host, host.twilio.account());
    other = await addTenant(host, host.twilio.account());
    sent = new Happenings();
    host.twilio.events.on('request', ({ method, parameters }) => {
      if (method === 'POST') sent.add(String(parameters['From']));
    });
  });
  afterEach(() => host.close());

  const send = ({ connection }: Tenant) =>
    host.outbound.send({ connectionId: connection.id, to: `+1555300${1000 + users++}`, text: 'Hi' });
  const sentBy = ({ account }: Tenant) => sent.all.filter((sender) => sender === account.sender).length;

  it('that have used up their minute hold up those of no other', async () => {
    await Promise.all(Array.from({ length: 5 * RPM }, () => send(busy)));
    await sent.until(() => sentBy(busy) === RPM);
    for (let number = 0; number < RPM; number++) await host.recorder.reaches(await send(other), 'accepted');
    expect([sentBy(busy), sentBy(other)]).toEqual([RPM, RPM]);
  });

  it('that Twilio refuses, as there are too many, hold up those of no other', async () => {
    host.twilio.faults({ rest: { status: 429, retryAfter: 30, times: 3 } });
    const refused = await Promise.all([send(busy), send(busy), send(busy)]);
    for (const message of refused) await host.recorder.reaches(message, 'queued');
    const begin = clock.now();
    const waiting = await send(busy);
    await host.recorder.reaches(await send(other), 'accepted');
    expect([sentBy(busy), sentBy(other)]).toEqual([3, 1]);
    await clock.reach(begin + 30_000);
    await host.recorder.reaches(waiting, 'accepted');
  });

  it('that go unanswered hold up those of no other', async () => {
    host.twilio.faults({ rest: { connection: 'hang', times: RPM } });
    const begin = clock.now();
    for (let number = 0; number < RPM; number++) await send(busy);
    await sent.until(() => sentBy(busy) === RPM);
    await host.recorder.reaches(await send(other), 'accepted');
    await clock.reach(begin + 2000);
    await clock.reach(begin + 15_000); // so that they end
  });
});
