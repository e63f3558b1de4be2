import { Injectable, Module } from '@nestjs/common';
import { OnWhatsappMessage } from 'nestjs-whatsapp-twilio';
import { EventReceiver } from '../support/event-receiver';
import { startService } from '../support/service-host';

const ANA = '+15551230001';

@Injectable()
class Bot {
  private tries = 0;

  @OnWhatsappMessage('text')
  reply() {
    if (this.tries++ === 0) throw new Error('Not now.');
    return 'a secret answer';
  }
}

@Module({ providers: [Bot] })
class BotModule {}

/** What is logged while the work is done, line by line. */
async function logOf(work: () => Promise<void>): Promise<Record<string, unknown>[]> {
  const texts: string[] = [];
  const spies = [process.stdout, process.stderr].map((stream) =>
    jest.spyOn(stream, 'write').mockImplementation((chunk) => texts.push(String(chunk)) > 0),
  );
  try {
    await work();
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return texts.flatMap((text) => text.trim().split('\n')).map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('The log', () => {
  it('joins a message from its webhook to what became of the reply, by the ids alone', async () => {
    const receiver = await EventReceiver.start();
    const lines = await logOf(async () => {
      const service = await startService({
        imports: [BotModule],
        variables: {
          LOG_LEVEL: 'info',
          FORWARD_URL: receiver.url,
          FORWARD_SECRET: receiver.secret,
          FORWARD_PRIVATE: 'allow',
        },
      });
      const phone = service.twilio.phone(ANA);
      await phone.sends('a secret question');
      await phone.receives('a secret answer');
      await receiver.events.first(({ data }) => data.status === 'read');
      await service.close();
      await receiver.stop();
    });
    const of = (fields: Record<string, unknown>) =>
      lines.filter((line) => Object.entries(fields).every(([name, value]) => line[name] === value));

    const [webhook] = of({ message: 'webhook', kind: 'message' });
    expect(webhook).toMatchObject({
      outcome: 'stored',
      status: 200,
      requestId: expect.any(String),
      connectionId: 'default',
    });
    const { messageSid } = webhook!;
    expect(of({ message: 'handler', messageSid, result: 'retry' })).toMatchObject([{ handler: 'Bot.reply' }]);
    expect(of({ level: 'error', messageSid })).toMatchObject([
      { message: expect.stringContaining('Bot.reply failed') },
    ]);
    expect(of({ message: 'forward', messageSid })).toMatchObject([{ type: 'message.received', result: 'taken' }]);
    const [done] = of({ message: 'handler', messageSid, result: 'done' });
    const messageId = done!['replyId'];
    const [send] = of({ message: 'send', messageId });
    expect(send).toMatchObject({ result: 'accepted', messageSid: expect.stringMatching(/^(SM|MM)/) });
    const callbacks = of({ message: 'webhook', kind: 'status', messageId, messageSid: send!['messageSid'] });
    expect(callbacks.map((line) => line['messageStatus'])).toEqual(expect.arrayContaining(['delivered', 'read']));
    expect(of({ message: 'forward', type: 'message.status', messageId }).length).toBeGreaterThan(2);
    // What a request woke is not its own: several messages would have the id of one.
    for (const line of [...of({ message: 'send' }), ...of({ message: 'handler' }), ...of({ message: 'forward' })]) {
      expect(line).not.toHaveProperty('requestId');
    }
    const all = JSON.stringify(lines);
    for (const secret of [ANA.slice(1), 'a secret']) expect(all).not.toContain(secret);
  });

  it('has a line for each request, with its id and the message it is about', async () => {
    let id = '';
    let token = '';
    const lines = await logOf(async () => {
      const service = await startService({ variables: { LOG_LEVEL: 'info' } });
      token = service.twilio.authToken;
      const { body } = await service.call<{ id: string }>('POST', '/v1/messages', {
        body: { to: ANA, text: 'a secret word' },
        headers: { 'x-request-id': 'mine-1' },
      });
      ({ id } = body);
      await service.call('GET', `/v1/messages/${id}`, { headers: { 'x-request-id': 'mine-2' } });
      await service.close();
    });
    const stored = { message: 'request', route: '/v1/messages', status: 202, requestId: 'mine-1', messageId: id };
    expect(lines).toContainEqual(expect.objectContaining(stored));
    const asked = { message: 'request', route: '/v1/messages/:id', status: 200, requestId: 'mine-2', messageId: id };
    expect(lines).toContainEqual(expect.objectContaining(asked));
    const all = JSON.stringify(lines);
    for (const secret of [ANA.slice(1), 'a secret', token]) expect(all).not.toContain(secret);
  });
});
