import { postSigned } from '../support/signed-webhook';
import { inbound } from 'nestjs-whatsapp-twilio/testing';
import { readOptOutRequest, defaultOptOutKeywords } from '../../src/whatsapp-twilio/messages/opt-out-keywords';
import { Conversations } from 'nestjs-whatsapp-twilio';
import { startWhatsappHost, type WhatsappHost } from '../support/whatsapp-host';
import { engines, useStorage } from '../support/storages';

const ANA = '+15551230001';

const read = (params: Record<string, string>) => readOptOutRequest(params, defaultOptOutKeywords)?.wants;

describe('A wish to hear no more', () => {
  it('is a keyword that is the whole text, in any case, with or without space around it', () => {
    expect(read({ Body: ' Stop\n', MessageType: 'text' })).toBe('stop');
    expect(read({ Body: 'unsubscribe' })).toBe('stop');
    expect(read({ Body: 'START' })).toBe('start');
    for (const Body of ['please stop', 'stop!', '', 'stopp']) expect(read({ Body })).toBeUndefined();
  });

  it('is no button, and no caption', () => {
    expect(read({ Body: 'Cancel', MessageType: 'button', ButtonText: 'Cancel' })).toBeUndefined();
    expect(read({ Body: 'STOP', MessageType: 'image' })).toBeUndefined();
  });

  it('is what Twilio says it is', () => {
    expect(read({ Body: 'Schluss', OptOutType: 'STOP' })).toBe('stop');
    expect(read({ Body: 'STOP', OptOutType: 'HELP' })).toBeUndefined();
    expect(read({ Body: 'x', OptOutType: 'START' })).toBe('start');
  });
});

describe.each(engines)('Opt-outs on %s', (engine) => {
  const storage = useStorage(engine);
  let host: WhatsappHost;

  beforeEach(async () => {
    host = await startWhatsappHost({ module: { storage: { url: storage.url } } });
  });
  afterEach(() => host.close());

  it('keep what is sent later from being sent, until the user writes START', async () => {
    const phone = host.twilio.phone(ANA);
    await phone.sends('stop');
    await expect(host.outbound.send({ to: ANA, text: 'hi' })).rejects.toMatchObject({ code: 'OPTED_OUT' });
    await expect(
      host.outbound.send({ to: ANA, template: { contentSid: `HX${'0'.repeat(32)}` } }),
    ).rejects.toMatchObject({ code: 'OPTED_OUT' });
    await phone.sends('Start');
    await expect(host.outbound.send({ to: ANA, text: 'hi' })).resolves.toMatchObject({ status: 'queued' });
  });

  it('cancel what waits, and say why', async () => {
    const waiting = await host.outbound.send({ to: ANA, text: 'later', sendAt: new Date(Date.now() + 3_600_000) });
    await host.twilio.phone(ANA).sends('STOP');
    const update = await host.recorder.reaches(waiting, 'canceled');
    expect(update.error).toMatchObject({ code: 'OPTED_OUT' });
  });

  it('make no dead letter of a handler that answers all the same', async () => {
    host.recorder.answer = () => 'You said something.';
    await host.twilio.phone(ANA).sends('stop');
    await host.recorder.messages.first();
    await host.twilio.phone(ANA).sends('start');
    await host.twilio.phone(ANA).receives(/something/);
    expect(host.twilio.messages.filter(({ direction }) => direction !== 'inbound')).toHaveLength(1);
  });

  it('are learnt from Twilio’s refusal', async () => {
    await host.twilio.phone(ANA).sends('hi');
    host.twilio.faults({ rest: { status: 400, code: 21610 } });
    const message = await host.outbound.send({ to: ANA, text: 'hello' });
    await host.recorder.reaches(message, 'failed');
    host.twilio.faults({});
    const conversation = await host.app.get(Conversations).get(ANA);
    expect(conversation?.optOut).toMatchObject({ source: 'refusal' });
  });

  it('are known under every name of the user', async () => {
    const both = inbound.text({ Body: 'STOP' });
    const params = {
      ...both,
      AccountSid: host.twilio.accountSid,
      From: `whatsapp:${ANA}`,
      ExternalUserId: 'US.123456',
    };
    const url = `${host.url}/webhooks/whatsapp/twilio`;
    expect((await postSigned(url, params, { token: host.twilio.authToken })).status).toBe(200);
    await expect(host.outbound.send({ to: 'US.123456', text: 'hi' })).rejects.toMatchObject({ code: 'OPTED_OUT' });
  });
});
