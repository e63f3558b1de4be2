import { EventReceiver } from '../support/event-receiver';
import { EventSourceClient } from '../support/event-source';
import { startService, type ServiceHost } from '../support/service-host';
import { engines, useStorage } from '../support/storages';

const ANA = '+15551230001';
const BEN = '+15551230002';

describe.each(engines)('Events on %s', (engine) => {
  const storage = useStorage(engine);
  let receiver: EventReceiver;
  let service: ServiceHost;

  beforeEach(async () => {
    receiver = await EventReceiver.start();
  });
  afterEach(async () => {
    await service.close();
    await receiver.stop();
  });

  async function start(variables: Record<string, string> = {}): Promise<void> {
    service = await startService({
      variables: { DATABASE_URL: storage.url, FORWARD_PRIVATE: 'allow', ...variables },
    });
  }

  const forwarding = () => ({ FORWARD_URL: receiver.url, FORWARD_SECRET: receiver.secret });
  const texts = () => receiver.events.all.map(({ data }) => data.text);

  it('are posted, signed, when a user writes and when a message moves on', async () => {
    await start(forwarding());
    await service.twilio.phone(ANA).sends('hello');
    const received = await receiver.events.first();
    expect(received).toMatchObject({ type: 'message.received', data: { kind: 'text', text: 'hello' } });
    expect(receiver.headers[0]!['webhook-id']).toBe(received.id);
    const { body } = await service.call<{ id: string }>('POST', '/v1/messages', { body: { to: ANA, text: 'hi' } });
    await receiver.events.first(({ data }) => data.status === 'read');
    const statuses = receiver.events.all.filter(({ type }) => type === 'message.status');
    const told = statuses.map(({ data }) => data.status);
    // A callback may overtake the answer to the request; then there is no `accepted` to tell of.
    const all = ['sending', 'accepted', 'sent', 'delivered', 'read'];
    expect(told).toEqual(all.filter((status) => status !== 'accepted' || told.includes('accepted')));
    expect(statuses.every(({ data }) => data.messageId === body.id)).toBe(true);
  });

  it('wait behind one that is not taken, in their conversation alone', async () => {
    receiver.answer = ({ data }) => (data.text === 'ana 1' ? 500 : 204);
    await start(forwarding());
    await service.twilio.phone(ANA).sends('ana 1');
    await service.twilio.phone(ANA).sends('ana 2');
    await service.twilio.phone(BEN).sends('ben 1');
    await receiver.events.first(({ data }) => data.text === 'ben 1');
    expect(texts()).not.toContain('ana 2');
  });

  it('become dead letters where they are not wanted (410), and are posted again on a replay', async () => {
    receiver.answer = () => 410;
    await start(forwarding());
    await service.twilio.phone(ANA).sends('hello');
    const { id } = await receiver.events.first();
    const letters = () => service.call<{ deadLetters: { id: string }[] }>('GET', '/v1/dead-letters');
    let list = await letters();
    while (list.body.deadLetters.length === 0) list = await letters();
    expect(list.body.deadLetters).toMatchObject([
      { kind: 'event', subscriber: 'default', eventId: id, failure: expect.stringContaining('410') },
    ]);
    receiver.answer = () => 204;
    expect((await service.call('POST', `/v1/dead-letters/${list.body.deadLetters[0]!.id}/replay`)).status).toBe(204);
    await receiver.events.count(2);
    expect(receiver.events.all.map((event) => event.id)).toEqual([id, id]);
  });

  it('go to the endpoints that want them', async () => {
    const endpoint = { url: receiver.url, secret: receiver.secret };
    const endpoints = [
      { ...endpoint, name: 'deliveries', types: ['message.status'], statuses: ['delivered'] },
      { ...endpoint, name: 'elsewhere', connections: ['other'] },
    ];
    await start({ FORWARD_ENDPOINTS: JSON.stringify(endpoints) });
    await service.twilio.phone(ANA).sends('hello');
    await service.call('POST', '/v1/messages', { body: { to: ANA, text: 'hi' } });
    await receiver.events.first();
    await service.twilio.settles();
    expect(receiver.events.all).toMatchObject([{ type: 'message.status', data: { status: 'delivered' } }]);
  });

  it('are streamed, from where the client was', async () => {
    await start();
    const url = `${service.url}/v1/events`;
    const first = await EventSourceClient.open(url);
    expect(first.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    await service.twilio.phone(ANA).sends('one');
    const one = await first.events.first();
    expect(one).toMatchObject({ event: 'message.received', data: expect.stringContaining('"text":"one"') });
    await first.close();

    for (const text of ['two', 'three']) await service.twilio.phone(ANA).sends(text);
    const again = await EventSourceClient.open(url, { 'last-event-id': one.id! });
    await again.events.count(2);
    expect(again.events.all.map(({ data }) => (JSON.parse(data!) as { data: { text: string } }).data.text)).toEqual([
      'two',
      'three',
    ]);
    await again.close();
  });

  it('are streamed in the order of their commits, none skipped, however many are written at once', async () => {
    await start();
    const stream = await EventSourceClient.open(`${service.url}/v1/events?type=message.received`);
    const phones = Array.from({ length: 10 }, (_, n) => service.twilio.phone(`+1555123001${n}`));
    await Promise.all(
      phones.map(async (phone) => {
        for (let n = 0; n < 5; n++) await phone.sends(String(n));
      }),
    );
    await stream.events.count(50);
    const ids = stream.events.all.map(({ id }) => Number(id));
    expect(ids).toEqual(ids.toSorted((a, b) => a - b));
    expect(new Set(ids).size).toBe(50);
    await stream.close();
  });

  it('end with the service, which says goodbye properly', async () => {
    await start();
    const stream = await EventSourceClient.open(`${service.url}/v1/events`);
    await service.app.close();
    await stream.ended;
  });
});

describe('The stream of events', () => {
  let service: ServiceHost;
  afterEach(() => service.close());

  it('is refused to a key that has too many open', async () => {
    service = await startService();
    const url = `${service.url}/v1/events`;
    const open = await Promise.all(Array.from({ length: 10 }, () => EventSourceClient.open(url)));
    const refused = await service.call('GET', '/v1/events');
    expect(refused).toMatchObject({ status: 429, body: { code: 'TOO_MANY_STREAMS' } });
    await Promise.all(open.map((stream) => stream.close()));
  });

  it('takes no place that it never gave', async () => {
    service = await startService();
    const { status, body } = await service.call('GET', '/v1/events', { headers: { 'last-event-id': 'x' } });
    expect({ status, body }).toMatchObject({ status: 400, body: { errors: [{ field: 'Last-Event-ID' }] } });
  });

  it('says so and goes on with what is new when asked for a place that it has not reached', async () => {
    service = await startService();
    await service.twilio.phone(ANA).sends('one');
    const stream = await EventSourceClient.open(`${service.url}/v1/events`, { 'last-event-id': '4711' });
    await stream.events.first();
    await service.twilio.phone(ANA).sends('two');
    await stream.events.count(2);
    expect(stream.events.all.map(({ event, id }) => [event, id])).toEqual([
      ['events.lost', undefined],
      ['message.received', '2'],
    ]);
    await stream.close();
  });

  it('says when more was missed than is kept', async () => {
    service = await startService();
    await service.twilio.phone(ANA).sends('one');
    await service.twilio.phone(ANA).sends('two');
    await service.db.deleteFrom('events').where('position', '=', 1).execute();
    const stream = await EventSourceClient.open(`${service.url}/v1/events`, { 'last-event-id': '0' });
    await stream.events.count(2);
    expect(stream.events.all.map(({ event }) => event)).toEqual(['events.lost', 'message.received']);
    await stream.close();
  });
});
