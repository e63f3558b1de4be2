import { isPublicAddress } from '../../src/service/events/public-address';
import { Forwarder } from '../../src/service/events/forwarder';
import type { WhatsappEvent } from '../../src/whatsapp-twilio/events/event';
import { EventReceiver } from '../support/event-receiver';

const event = { id: 'e', type: 'message.received', data: { sid: 'SM1' } } as unknown as WhatsappEvent;

describe('An address for everyone', () => {
  it.each(['8.8.8.8', '1.1.1.1', '2606:4700:4700::1111'])('is %s', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '::1',
    '::',
    'fe80::1',
    'fd00::1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    'localhost',
  ])('is not %s', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

describe('Events', () => {
  let receiver: EventReceiver;
  beforeEach(async () => {
    receiver = await EventReceiver.start();
  });
  afterEach(() => receiver.stop());

  it.each(['127.0.0.1', 'localhost'])('are not posted to %s, unless that is allowed', async (host) => {
    const url = receiver.url.replace('127.0.0.1', host);
    const forwarder = new Forwarder({ name: 'x', url, secret: receiver.secret }, false);
    await expect(forwarder.deliver(event)).rejects.toMatchObject({
      retryable: true,
      message: expect.stringContaining('FORWARD_PRIVATE=allow'),
    });
    expect(receiver.events.all).toEqual([]);
    await forwarder.close();
  });

  it('are not posted to where a redirect points', async () => {
    receiver.answer = () => 307;
    const forwarder = new Forwarder({ name: 'x', url: receiver.url, secret: receiver.secret }, true);
    await expect(forwarder.deliver(event)).rejects.toMatchObject({ message: expect.stringContaining('redirect') });
    expect(receiver.events.all).toHaveLength(1);
    await forwarder.close();
  });
});
