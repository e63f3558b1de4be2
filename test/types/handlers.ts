// Compiled by `npm run typecheck`, never run: what handlers and send() must allow, and what they must refuse.
import {
  type Conversation,
  type HandlerReply,
  OnWhatsappMessage,
  OnWhatsappStatus,
  type OutboundMessage,
  type OutboundMessageWithHistory,
  type OutboundService,
  type StatusUpdate,
  type WhatsappMessage,
  WhatsappTwilioModule,
} from 'nestjs-whatsapp-twilio';

export class Handlers {
  @OnWhatsappMessage('text')
  text(message: WhatsappMessage<'text'>, conversation: Conversation) {
    return `${message.text} from ${conversation.user.value}`;
  }

  @OnWhatsappMessage('image', 'video')
  either(message: WhatsappMessage<'image' | 'video'>) {
    return { media: message.media.map(({ url }) => url) };
  }

  @OnWhatsappMessage('location')
  async takesMore(message: WhatsappMessage<'location' | 'text'>): Promise<HandlerReply> {
    return message.kind === 'location' ? { location: { latitude: 1, longitude: message.longitude } } : undefined;
  }

  @OnWhatsappMessage()
  all(message: WhatsappMessage) {
    return message.kind === 'text' ? { template: { contentSid: 'HX' } } : null;
  }

  @OnWhatsappMessage('sticker')
  nothing() {}

  // @ts-expect-error An image has no text of its own.
  @OnWhatsappMessage('image')
  otherKind(message: WhatsappMessage<'text'>) {
    return message.text;
  }

  // @ts-expect-error Without a kind every kind comes.
  @OnWhatsappMessage()
  onlyOne(message: WhatsappMessage<'text'>) {
    return message.text;
  }

  // @ts-expect-error A video may come too.
  @OnWhatsappMessage('image', 'video')
  notAll(message: WhatsappMessage<'image'>) {
    return message.text;
  }

  // @ts-expect-error There is no such kind.
  @OnWhatsappMessage('poll')
  poll() {}

  // @ts-expect-error A number is no reply.
  @OnWhatsappMessage('text')
  wrongReply() {
    return 5;
  }

  // @ts-expect-error Neither is an object without content.
  @OnWhatsappMessage('text')
  emptyReply() {
    return { body: 'Hi' };
  }

  // @ts-expect-error There are two arguments.
  @OnWhatsappMessage('text')
  tooMany(_message: WhatsappMessage<'text'>, _conversation: Conversation, third: string) {
    return third;
  }

  @OnWhatsappStatus('failed', 'undelivered')
  alarm(update: StatusUpdate) {
    return update.error?.help;
  }

  // @ts-expect-error There is no such status.
  @OnWhatsappStatus('seen')
  seen() {}

  // @ts-expect-error A status is not a message.
  @OnWhatsappStatus('read')
  notAnUpdate(message: WhatsappMessage) {
    return message.kind;
  }

  // @ts-expect-error It goes on methods.
  @OnWhatsappMessage('text')
  property = 5;
}

export async function send(outbound: OutboundService): Promise<OutboundMessage> {
  const message = await outbound.send({
    to: '+15551230001',
    text: 'Hi',
    idempotencyKey: 'k',
    metadata: { order: '1' },
  });
  await outbound.send({ to: { kind: 'bsuid', value: 'US.1' }, media: 'https://example.com/a.jpg' });
  // @ts-expect-error Nobody to send it to.
  await outbound.send({ text: 'Hi' });
  // @ts-expect-error Nothing to send.
  await outbound.send({ to: '+15551230001' });
  // @ts-expect-error A place has a latitude and a longitude.
  await outbound.send({ to: '+15551230001', location: { latitude: 1 } });
  // @ts-expect-error There are three policies.
  await outbound.send({ to: '+15551230001', text: 'Hi', outsideWindow: 'wait' });
  // @ts-expect-error The message is read-only.
  message.status = 'read';
  const found: OutboundMessageWithHistory | undefined = await outbound.get(message.id);
  // @ts-expect-error There may be none with this id.
  void found.history;
  return message;
}

export const registrations = [
  WhatsappTwilioModule.forRoot(),
  WhatsappTwilioModule.forRoot({ path: false, isGlobal: true }),
  WhatsappTwilioModule.forRoot({ accountSid: 'AC', authToken: ['new', 'old'], storage: { url: 'sqlite::memory:' } }),
  // @ts-expect-error The option has fields.
  WhatsappTwilioModule.forRoot({ storage: 'sqlite::memory:' }),
  // @ts-expect-error There is no such option.
  WhatsappTwilioModule.forRoot({ token: 'a' }),
  // @ts-expect-error The factory must return the account.
  WhatsappTwilioModule.forRootAsync({ useFactory: () => ({ authToken: 'a' }) }),
];
