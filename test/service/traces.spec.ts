import { Injectable, Module } from '@nestjs/common';
import { context, SpanKind } from '@opentelemetry/api';
import { OnWhatsappMessage, OnWhatsappStatus, OutboundService } from 'nestjs-whatsapp-twilio';
import { channel } from 'node:diagnostics_channel';
import { EventReceiver } from '../support/event-receiver';
import { type EndedSpan, MemoryTracer } from '../support/memory-tracer';
import { startService, type ServiceHost } from '../support/service-host';

const ANA = '+15551230001';

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

/** What OpenTelemetry's instrumentation of undici does with a request. */
function instrument(message: unknown): void {
  (message as { request: { addHeader(name: string, value: string): void } }).request.addHeader('traceparent', 'its');
}

describe('Traces', () => {
  let tracer: MemoryTracer;
  let receiver: EventReceiver;
  let service: ServiceHost;

  beforeEach(async () => {
    tracer = new MemoryTracer().register();
    receiver = await EventReceiver.start();
    service = await startService({
      imports: [BotModule],
      variables: { FORWARD_URL: receiver.url, FORWARD_SECRET: receiver.secret, FORWARD_PRIVATE: 'allow' },
    });
  });
  afterEach(async () => {
    await service.close();
    await receiver.stop();
    tracer.unregister();
  });

  /** With what an event was posted. */
  const postedWith = async (name: string, { attributes }: EndedSpan) => {
    const id = attributes['whatsapp.event.id'];
    await receiver.events.first((event) => event.id === id);
    return receiver.headers.find((headers) => headers['webhook-id'] === id)![name];
  };

  it('follow a message in, to its handler, its reply and the endpoints', async () => {
    await service.twilio.phone(ANA).sends('a secret question');
    const webhook = await tracer.first('whatsapp.webhook', { 'whatsapp.webhook.kind': 'message' });
    const sid = webhook.attributes['whatsapp.message.sid']!;
    expect(webhook).toMatchObject({
      parent: undefined,
      failed: false,
      attributes: { 'whatsapp.connection.id': 'default' },
    });
    const handler = await tracer.first('whatsapp.handler', { 'whatsapp.message.sid': sid });
    expect(handler).toMatchObject({
      kind: SpanKind.CONSUMER,
      parent: webhook.spanId,
      attributes: { 'whatsapp.handler': 'Bot.reply' },
    });
    const send = await tracer.first('whatsapp.send');
    expect(send).toMatchObject({ kind: SpanKind.CLIENT, parent: handler.spanId });
    const reply = {
      'whatsapp.message.id': send.attributes['whatsapp.message.id']!,
      'whatsapp.message.sid': send.attributes['whatsapp.message.sid']!,
    };
    expect(reply['whatsapp.message.sid']).toMatch(/^(SM|MM)/);
    const delivered = await tracer.first('whatsapp.handler', { 'whatsapp.handler': 'Bot.delivered', ...reply });
    expect(delivered.parent).toBe(handler.spanId);
    const received = await tracer.first('whatsapp.forward', {
      'whatsapp.event.type': 'message.received',
      'whatsapp.message.sid': sid,
    });
    expect(received.parent).toBe(webhook.spanId);
    const status = await tracer.first('whatsapp.forward', {
      'whatsapp.event.type': 'message.status',
      'whatsapp.subscriber': 'default',
      ...reply,
    });
    expect(status.parent).toBe(handler.spanId);
    const { traceId } = webhook;
    expect([handler, send, delivered, received, status].map((span) => span.traceId)).toEqual(Array(5).fill(traceId));
    const told = JSON.stringify(tracer.spans.all);
    for (const secret of [ANA.slice(1), service.twilio.sender.slice(-10), 'secret']) expect(told).not.toContain(secret);
  });

  it('leave what Twilio reports in the trace of its own request, joined by the ids', async () => {
    await service.twilio.phone(ANA).sends('hello');
    const { attributes, traceId } = await tracer.first('whatsapp.send');
    const callback = await tracer.first('whatsapp.webhook', {
      'whatsapp.webhook.kind': 'status',
      'whatsapp.message.id': attributes['whatsapp.message.id']!,
      'whatsapp.message.sid': attributes['whatsapp.message.sid']!,
    });
    expect(callback.traceId).not.toBe(traceId);
  });

  it('hold what is sent below what the app was doing, each in its own', async () => {
    const outbound = service.app.get(OutboundService, { strict: false });
    const sendWithin = (name: string, to: string) =>
      tracer.startActiveSpan(name, {}, context.active(), async (span) => {
        await outbound.send({ to, text: name });
        span.end();
      });
    await Promise.all([sendWithin('first', ANA), sendWithin('second', '+15551230002')]);
    for (const name of ['first', 'second']) {
      const { traceId, spanId } = await tracer.first(name);
      const send = await tracer.spans.first((span) => span.name === 'whatsapp.send' && span.parent === spanId);
      expect(send.traceId).toBe(traceId);
    }
  });

  it('go on at the endpoint, which is given the span by a traceparent', async () => {
    await service.twilio.phone(ANA).sends('hello');
    const forward = await tracer.first('whatsapp.forward', { 'whatsapp.event.type': 'message.received' });
    expect(await postedWith('traceparent', forward)).toBe(`00-${forward.traceId}-${forward.spanId}-01`);
  });

  it('leave the traceparent to the instrumentation of undici where the host has it', async () => {
    const requests = channel('undici:request:create');
    requests.subscribe(instrument);
    try {
      await service.twilio.phone(ANA).sends('hello');
      const forward = await tracer.first('whatsapp.forward', { 'whatsapp.event.type': 'message.received' });
      expect(await postedWith('traceparent', forward)).toBe('its');
    } finally {
      requests.unsubscribe(instrument);
    }
  });

  it('tell what failed by its code, never in its words', async () => {
    await service.twilio.phone(ANA).sends('fail');
    const handler = await tracer.first('whatsapp.handler', { 'error.type': 'TypeError' });
    expect(handler.failed).toBe(true);
    const { body } = await service.call<{ id: string }>('POST', '/v1/messages', {
      body: { to: ANA, template: { contentSid: `HX${'0'.repeat(32)}` } },
    });
    const send = await tracer.first('whatsapp.send', { 'whatsapp.message.id': body.id });
    expect(send).toMatchObject({ failed: true, attributes: { 'error.type': expect.stringMatching(/^\d{5}$/) } });
    receiver.answer = () => 500;
    await service.twilio.phone(ANA).sends('hello');
    await tracer.first('whatsapp.forward', { 'error.type': 'NOT_FORWARDED' });
    expect(JSON.stringify(tracer.spans.all)).not.toContain(ANA.slice(1));
  });
});

describe('Without a tracer', () => {
  it('nothing is kept of traces, and endpoints are given none', async () => {
    const receiver = await EventReceiver.start();
    const service = await startService({
      imports: [BotModule],
      variables: { FORWARD_URL: receiver.url, FORWARD_SECRET: receiver.secret, FORWARD_PRIVATE: 'allow' },
    });
    try {
      await service.twilio.phone(ANA).sends('hello');
      await receiver.events.first(({ type }) => type === 'message.status');
      expect(receiver.headers.filter((headers) => 'traceparent' in headers)).toEqual([]);
      for (const table of ['inbound_messages', 'outbound_messages'] as const) {
        expect(await service.db.selectFrom(table).select('trace').execute()).toEqual([{ trace: null }]);
      }
    } finally {
      await service.close();
      await receiver.stop();
    }
  });
});
