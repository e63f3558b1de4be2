import type { ServerResponse } from 'node:http';
import { json, startFakeHttpServer, type FakeHttpServer } from '../support/fake-http-server';
import { Happenings } from '../support/happenings';
import { TestClock } from '../support/test-clock';
import { startWhatsappHost, type WhatsappHost } from '../support/whatsapp-host';

interface Call {
  readonly body: string;
  readonly response: ServerResponse;
}

/** A Twilio that answers only when the test says so. */
describe('Messages of one conversation', () => {
  let api: FakeHttpServer;
  let calls: Happenings<Call>;
  let host: WhatsappHost;
  let sids = 0;

  beforeEach(async () => {
    calls = new Happenings();
    api = await startFakeHttpServer(({ body }, response) => {
      calls.add({ body: new URLSearchParams(body).get('Body') ?? '', response });
    });
    host = await startWhatsappHost({
      clock: new TestClock(),
      module: { apiBaseUrl: api.origin, publicUrl: undefined },
    });
  });

  afterEach(async () => {
    for (const { response } of calls.all) response.destroy();
    await host.close();
    await api.close();
  });

  const send = (user: number, text: string) => host.outbound.send({ to: `+1555123000${user}`, text });
  const called = (body: string) => calls.first((call) => call.body === body);

  function answer({ response }: Call): void {
    json(response, 201, { sid: `SM${(sids++).toString(16).padStart(32, '0')}`, status: 'queued' });
  }

  it('leave one at a time, in the order of send(), while other conversations go on', async () => {
    const texts = ['A1', 'A2', 'A3'];
    for (const text of texts) await send(1, text);
    await send(2, 'B1');
    answer(await called('B1'));
    await send(2, 'B2');
    answer(await called('B2'));
    expect(calls.all.map(({ body }) => body)).toEqual(expect.not.arrayContaining(['A2']));
    for (const text of texts) answer(await called(text));
    expect(calls.all.map(({ body }) => body).filter((body) => body.startsWith('A'))).toEqual(texts);
  });

  it('are on record as being sent while their request is under way, for longer than it can take', async () => {
    const clock = host.clock as TestClock;
    const { id } = await send(1, 'A1');
    const call = await called('A1');
    const row = await host.db.selectFrom('outbound_messages').selectAll().where('id', '=', id).executeTakeFirst();
    expect(row).toMatchObject({ status: 'sending', attempts: 1, attempted_at: clock.now() });
    // A claim may be five seconds old when its request is made, which ends after fifteen.
    expect(row!.due_at! - clock.now()).toBeGreaterThan(20_000);
    answer(call);
  });

  it('keep their order when the first has to be tried again', async () => {
    const first = await send(1, 'A1');
    const second = await send(1, 'A2');
    json((await called('A1')).response, 429, { code: 20429, message: 'Too Many Requests' }, { 'retry-after': '5' });
    await host.recorder.reaches(first, 'queued');
    const { waiting } = (await host.outbound.get(first.id))!;
    const clock = host.clock as TestClock;
    await clock.reach(waiting!.until!);
    await calls.count(2);
    answer(calls.all[1]!);
    answer(await called('A2'));
    await host.recorder.reaches(second, 'accepted');
    expect(calls.all.map(({ body }) => body)).toEqual(['A1', 'A1', 'A2']);
  });

  it('go on when one of them fails for good', async () => {
    const first = await send(1, 'A1');
    await send(1, 'A2');
    json((await called('A1')).response, 400, { code: 21211, message: 'Invalid To' });
    await host.recorder.reaches(first, 'failed');
    answer(await called('A2'));
  });
});
