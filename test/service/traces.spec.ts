import { Injectable, Module } from '@nestjs/common';
import { type Attributes, type Span, SpanKind, type SpanOptions, SpanStatusCode, trace } from '@opentelemetry/api';
import { OnWhatsappMessage, OnWhatsappStatus } from 'nestjs-whatsapp-twilio';
import { EventReceiver } from '../support/event-receiver';
import { Happenings } from '../support/happenings';
import { startService, type ServiceHost } from '../support/service-host';

const ANA = '+15551230001';

interface EndedSpan {
  readonly name: string;
  readonly kind: SpanKind | undefined;
  readonly isRoot: boolean | undefined;
  readonly attributes: Attributes;
  readonly failed: boolean;
}

/** A tracer that keeps what ended. */
class MemoryTracer {
  readonly spans = new Happenings<EndedSpan>();

  getTracer() {
    return this;
  }

  startSpan(name: string, { kind, root, attributes = {} }: SpanOptions = {}): Span {
    let failed = false;
    const span = {
      setAttribute: (key: string, value: string) => Object.assign(attributes, { [key]: value }) && span,
      setAttributes: (more: Attributes) => Object.assign(attributes, more) && span,
      setStatus: ({ code }: { code: SpanStatusCode }) => {
        failed = code === SpanStatusCode.ERROR;
        return span;
      },
      end: () => this.spans.add({ name, kind, isRoot: root, attributes, failed }),
    };
    return span as unknown as Span;
  }

  startActiveSpan<Result>(name: string, options: SpanOptions, work: (span: Span) => Result): Result {
    return work(this.startSpan(name, options));
  }
}

@Injectable()
class Bot {
  @OnWhatsappMessage('text')
  reply(message: { readonly text: string }) {
    if (message.text === 'fail') throw new TypeError(`no ${message.text} from ${ANA}`);
    return 'a secret answer';
  }

  @OnWhatsappStatus('delivered')
  delivered() {}
}

@Module({ providers: [Bot] })
class BotModule {}

describe('Traces', () => {
  let tracer: MemoryTracer;
  let receiver: EventReceiver;
  let service: ServiceHost;

  beforeEach(async () => {
    tracer = new MemoryTracer();
    trace.setGlobalTracerProvider(tracer as never);
    receiver = await EventReceiver.start();
    service = await startService({
      imports: [BotModule],
      variables: { FORWARD_URL: receiver.url, FORWARD_SECRET: receiver.secret, FORWARD_PRIVATE: 'allow' },
    });
  });
  afterEach(async () => {
    await service.close();
    await receiver.stop();
    trace.disable();
  });

  const span = (name: string, attributes: Attributes) =>
    tracer.spans.first(
      (one) => one.name === name && Object.entries(attributes).every(([key, value]) => one.attributes[key] === value),
    );

  it('follow a message in, to its handler, its reply and the endpoints', async () => {
    await service.twilio.phone(ANA).sends('a secret question');
    const webhook = await span('whatsapp.webhook', { 'whatsapp.webhook.kind': 'message' });
    const sid = webhook.attributes['whatsapp.message.sid']!;
    expect(webhook).toMatchObject({
      isRoot: false,
      failed: false,
      attributes: { 'whatsapp.connection.id': 'default' },
    });
    expect(await span('whatsapp.handler', { 'whatsapp.message.sid': sid })).toMatchObject({
      kind: SpanKind.CONSUMER,
      isRoot: true,
      attributes: { 'whatsapp.handler': 'Bot.reply' },
    });
    const { kind, isRoot, attributes: sent } = await span('whatsapp.send', {});
    expect({ kind, isRoot }).toEqual({ kind: SpanKind.CLIENT, isRoot: true });
    const reply = {
      'whatsapp.message.id': sent['whatsapp.message.id']!,
      'whatsapp.message.sid': sent['whatsapp.message.sid']!,
    };
    expect(reply['whatsapp.message.sid']).toMatch(/^(SM|MM)/);
    await span('whatsapp.webhook', { 'whatsapp.webhook.kind': 'status', ...reply });
    await span('whatsapp.handler', { 'whatsapp.handler': 'Bot.delivered', ...reply });
    await span('whatsapp.forward', { 'whatsapp.event.type': 'message.received', 'whatsapp.message.sid': sid });
    await span('whatsapp.forward', {
      'whatsapp.event.type': 'message.status',
      'whatsapp.endpoint': 'default',
      ...reply,
    });
    const told = JSON.stringify(tracer.spans.all);
    for (const secret of [ANA.slice(1), service.twilio.sender.slice(-10), 'secret']) expect(told).not.toContain(secret);
  });

  it('tell what failed by its code, never in its words', async () => {
    await service.twilio.phone(ANA).sends('fail');
    const handler = await span('whatsapp.handler', { 'error.type': 'TypeError' });
    expect(handler.failed).toBe(true);
    const { body } = await service.call<{ id: string }>('POST', '/v1/messages', {
      body: { to: ANA, template: { contentSid: `HX${'0'.repeat(32)}` } },
    });
    const send = await span('whatsapp.send', { 'whatsapp.message.id': body.id });
    expect(send).toMatchObject({ failed: true, attributes: { 'error.type': expect.stringMatching(/^\d{5}$/) } });
    receiver.answer = () => 500;
    await service.twilio.phone(ANA).sends('hello');
    await span('whatsapp.forward', { 'error.type': 'NOT_FORWARDED' });
    expect(JSON.stringify(tracer.spans.all)).not.toContain(ANA.slice(1));
  });
});
