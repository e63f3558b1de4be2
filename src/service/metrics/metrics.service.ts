import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type HandlerHappening, handlerChannel, type SendHappening, sendChannel } from '../../common/happenings';
import { forwardChannel, type ForwardHappening } from '../events/forwarder';
import { type WebhookFacts, webhookFactsOf } from '../logging/webhook-facts';
import { Queues } from './queues';

/** In seconds: Twilio gives up on a webhook after 15. */
const ACK_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15];
const SEND_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15];

/** What Prometheus is told. Labels have few values: never a number, a message or a user. */
@Injectable()
export class Metrics implements OnModuleInit, OnApplicationShutdown {
  readonly registry = new Registry();
  private readonly options = { registers: [this.registry] };

  private readonly webhooks = new Counter({
    ...this.options,
    name: 'whatsapp_webhooks_total',
    help: 'Webhooks of Twilio, by what they bring (message, status) and what became of them (accepted, repeat, spooled, refused, failed).',
    labelNames: ['kind', 'result'],
  });
  private readonly ackSeconds = new Histogram({
    ...this.options,
    name: 'whatsapp_webhook_ack_seconds',
    help: 'Time until a webhook was acknowledged.',
    labelNames: ['kind'],
    buckets: ACK_BUCKETS,
  });
  private readonly sends = new Counter({
    ...this.options,
    name: 'whatsapp_sends_total',
    help: 'Requests to send a message, by result (accepted, retry, failed, unknown) and error code.',
    labelNames: ['result', 'code'],
  });
  private readonly sendSeconds = new Histogram({
    ...this.options,
    name: 'whatsapp_send_seconds',
    help: 'Time until Twilio answered a request to send a message.',
    buckets: SEND_BUCKETS,
  });
  private readonly handlers = new Counter({
    ...this.options,
    name: 'whatsapp_handlers_total',
    help: 'Runs of handlers, by what they were for (message, status) and result (done, retry, dead).',
    labelNames: ['kind', 'result'],
  });
  private readonly forwards = new Counter({
    ...this.options,
    name: 'whatsapp_forwards_total',
    help: 'Events posted to an endpoint, by result (taken, retry, refused).',
    labelNames: ['endpoint', 'result'],
  });
  private readonly apiRequests = new Counter({
    ...this.options,
    name: 'whatsapp_api_requests_total',
    help: 'Requests to the REST API, by route and status.',
    labelNames: ['method', 'route', 'status'],
  });

  constructor(private readonly queues: Queues) {
    const gauge = (name: string, help: string, labelNames: string[], set: (gauge: Gauge) => Promise<void>) =>
      new Gauge({
        ...this.options,
        name,
        help,
        labelNames,
        collect() {
          return set(this);
        },
      });
    gauge('whatsapp_queue_depth', 'Rows that wait in a queue (inbox, outbox, statuses, forwarding).', ['queue'], (it) =>
      this.forEachQueue(({ queue, depth }) => it.set({ queue }, depth)),
    );
    gauge('whatsapp_queue_age_seconds', 'How long the oldest that is due has waited.', ['queue'], (it) =>
      this.forEachQueue(({ queue, ageSeconds }) => it.set({ queue }, ageSeconds)),
    );
    gauge('whatsapp_dead_letters', 'What was given up and not replayed, by kind.', ['kind'], async (it) => {
      for (const { kind, count } of (await this.queues.read()).deadLetters) it.set({ kind }, count);
    });
    gauge(
      'whatsapp_budget_used_ratio',
      'The part of the minute that is used up, of the account that has used most of it.',
      [],
      async (it) => it.set((await this.queues.read()).budgetUsed),
    );
  }

  onModuleInit(): void {
    collectDefaultMetrics({ register: this.registry });
    subscribe(sendChannel.name, this.onSend);
    subscribe(handlerChannel.name, this.onHandler);
    subscribe(forwardChannel.name, this.onForward);
  }

  /** After the last message was sent. */
  onApplicationShutdown(): void {
    unsubscribe(sendChannel.name, this.onSend);
    unsubscribe(handlerChannel.name, this.onHandler);
    unsubscribe(forwardChannel.name, this.onForward);
  }

  /** Counts a request that was answered. */
  answered(request: FastifyRequest, reply: FastifyReply): void {
    const route = request.routeOptions.url ?? 'unknown';
    const status = String(reply.statusCode);
    if (route.startsWith('/v1/')) this.apiRequests.inc({ method: request.method, route, status });
    const webhook = webhookFactsOf(request);
    if (webhook === undefined) return;
    const { kind } = webhook;
    this.webhooks.inc({ kind, result: resultOf(webhook, reply.statusCode) });
    if (reply.statusCode < 300) this.ackSeconds.observe({ kind }, reply.elapsedTime / 1000);
  }

  private readonly onSend = (happening: unknown): void => {
    const { result, code, durationMs } = happening as SendHappening;
    this.sends.inc({ result, code: String(code ?? '') });
    this.sendSeconds.observe(durationMs / 1000);
  };

  private readonly onHandler = (happening: unknown): void => {
    const { kind, result } = happening as HandlerHappening;
    this.handlers.inc({ kind, result });
  };

  private readonly onForward = (happening: unknown): void => {
    const { endpoint, result } = happening as ForwardHappening;
    this.forwards.inc({ endpoint, result });
  };

  private async forEachQueue(set: (queue: { queue: string; depth: number; ageSeconds: number }) => void) {
    for (const queue of (await this.queues.read()).queues) set(queue);
  }
}

function resultOf({ verified }: WebhookFacts, status: number): string {
  if (status >= 500) return 'failed';
  if (status >= 300) return 'refused';
  const outcome = verified?.outcome ?? 'stored';
  return outcome === 'stored' ? 'accepted' : outcome;
}
