import { OutboundService, WhatsappTwilioModule } from 'nestjs-whatsapp-twilio';
import { TwilioEmulator } from 'nestjs-whatsapp-twilio/emulator';
import { inbound } from 'nestjs-whatsapp-twilio/testing';
import { freePort } from '../support/free-port';
import { Happenings } from '../support/happenings';
import { type HostApp, startHostApp } from '../support/host-app';
import { type PostgresServer, startPostgres } from '../support/postgres';
import { Recorder } from '../support/recorder';
import { postSigned } from '../support/signed-webhook';

const REPLICAS = 3;
const RPM = 1000;

/** The same app three times, on one PostgreSQL. */
describe('Replicas on one PostgreSQL', () => {
  let postgres: PostgresServer;
  let twilio: TwilioEmulator;
  let hosts: HostApp[];
  /** What Twilio was asked to send. */
  let replies: Happenings<string>;
  /** What the handlers of all replicas were told, in the order of time. */
  let handled: Happenings<{ replica: number; from: string; text: string; sid: string }>;

  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.remove());

  beforeEach(async () => {
    twilio = await TwilioEmulator.start({ statusDelayMs: 1, enforceWindow: false });
    replies = new Happenings();
    twilio.events.on('message', ({ sid }) => replies.add(sid));
    handled = new Happenings();
    hosts = await Promise.all(Array.from({ length: REPLICAS }, (_, replica) => startReplica(replica)));
  });
  afterEach(async () => {
    await Promise.all(hosts.map((host) => host.close()));
    await twilio.stop();
  });

  async function startReplica(replica: number): Promise<HostApp> {
    const port = await freePort();
    const host = await startHostApp({
      port,
      imports: [
        WhatsappTwilioModule.forRoot({
          accountSid: twilio.accountSid,
          authToken: twilio.authToken,
          fromNumber: twilio.sender,
          apiBaseUrl: twilio.url,
          publicUrl: `http://127.0.0.1:${port}`,
          storage: { url: postgres.url },
          rateLimit: { rpm: RPM },
        }),
      ],
      providers: [Recorder],
    });
    host.app.get(Recorder).answer = (message) => {
      const text = message.kind === 'text' ? message.text : message.kind;
      handled.add({ replica, from: message.from.value, text, sid: message.sid });
      return `${text}, indeed`;
    };
    return host;
  }

  function write(replica: number, params: Readonly<Record<string, string>>) {
    const url = `${hosts[replica % REPLICAS]!.url}/webhooks/whatsapp/twilio`;
    return postSigned(url, params, { token: twilio.authToken });
  }

  function text(from: string, body: string): Record<string, string> {
    return inbound.text({ AccountSid: twilio.accountSid, From: `whatsapp:${from}`, To: twilio.sender, Body: body });
  }

  const repliesAtTwilio = () => twilio.messages.filter(({ direction }) => direction === 'outbound-api');

  it('handle each message once, in the order of its conversation, and reply to each once', async () => {
    const users = Array.from({ length: 8 }, (_, user) => `+1555300000${user}`);
    for (let number = 0; number < 6; number++) {
      const answers = await Promise.all(users.map((from, user) => write(user + number, text(from, String(number)))));
      expect(answers.map(({ status }) => status)).toEqual(users.map(() => 200));
    }
    await handled.count(48);
    for (const user of users) {
      expect(handled.all.filter(({ from }) => from === user).map(({ text: body }) => body)).toEqual([
        '0',
        '1',
        '2',
        '3',
        '4',
        '5',
      ]);
    }
    await replies.count(48);
    expect(new Set(repliesAtTwilio().map(({ to, body }) => `${to} ${body}`)).size).toBe(48);
    expect(repliesAtTwilio()).toHaveLength(48);
  });

  it('run one handler for a webhook that arrives fifty times at once, and take all fifty', async () => {
    const params = text('+15553001000', 'once');
    const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => write(index, params)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200));
    await write(0, text('+15553001000', 'the next'));
    await handled.first(({ text: body }) => body === 'the next');
    expect(handled.all.filter(({ sid }) => sid === params['MessageSid'])).toHaveLength(1);
  });

  it('take one message for an idempotency key that all of them use at once', async () => {
    const sends = hosts.map((host) =>
      host.app.get(OutboundService).send({ to: '+15553002000', text: 'Hi', idempotencyKey: 'the-same' }),
    );
    const ids = (await Promise.all(sends)).map(({ id }) => id);
    expect(new Set(ids).size).toBe(1);
  });
});
