import { Injectable, Module } from '@nestjs/common';
import { OnWhatsappMessage, OnWhatsappStatus } from 'nestjs-whatsapp-twilio';
import { inbound } from 'nestjs-whatsapp-twilio/testing';
import { WebhookIntake } from '../../src/whatsapp-twilio/inbound/webhook-intake';
import { EventReceiver } from '../support/event-receiver';
import { Happenings } from '../support/happenings';
import { type Sample, samplesWhen, sumOf } from '../support/metrics';
import { readExpression } from '../support/promql';
import { startService, type ServiceHost } from '../support/service-host';
import { postForm, postSigned } from '../support/signed-webhook';
import { readText, readYaml } from './files';

const ANA = '+15551230001';

const runs = new Happenings<string>();

@Injectable()
class Bot {
  private tries = 0;

  @OnWhatsappMessage('text')
  reply({ text }: { readonly text: string }) {
    runs.add(text);
    if (text === 'never') throw Object.assign(new Error('It is hopeless.'), { retryable: false });
    if (text === 'later' && this.tries++ === 0) throw new Error('Not now.');
    return text === 'hello' ? 'Hello!' : undefined;
  }

  @OnWhatsappStatus('failed')
  alarm() {
    throw Object.assign(new Error('It is hopeless.'), { retryable: false });
  }
}

@Module({ providers: [Bot] })
class BotModule {}

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly runbook: string };
}
const { groups } = readYaml('deploy/monitoring/alerts.yaml') as { groups: { rules: Alert[] }[] };
const alerts = groups.flatMap(({ rules }) => rules);
const dashboard = JSON.parse(readText('deploy/monitoring/grafana-dashboard.json')) as {
  readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[];
};
const autoscaler = readYaml('deploy/kubernetes/autoscaler.yaml') as {
  readonly spec: {
    readonly metrics: readonly {
      readonly pods?: {
        readonly metric: { readonly name: string; readonly selector: { readonly matchLabels: object } };
      };
    }[];
  };
};

/** Each metric of ours, with all the labels it has, and values of theirs that the traffic below brings. */
const metrics: readonly [name: string, labels: readonly string[], moved: readonly Record<string, string>[]][] = [
  [
    'whatsapp_webhooks_total',
    ['kind', 'result'],
    [
      { kind: 'message', result: 'accepted' },
      { kind: 'message', result: 'repeat' },
      { kind: 'message', result: 'refused' },
      { kind: 'message', result: 'failed' },
      { kind: 'status', result: 'accepted' },
      { kind: 'status', result: 'refused' },
    ],
  ],
  ['whatsapp_webhook_ack_seconds_count', ['kind'], [{ kind: 'message' }, { kind: 'status' }]],
  [
    'whatsapp_sends_total',
    ['result', 'code'],
    [
      { result: 'accepted', code: '' },
      { result: 'retry', code: '20429' },
      { result: 'failed', code: '21211' },
      { result: 'unknown', code: '20500' },
    ],
  ],
  ['whatsapp_send_seconds_count', [], [{}]],
  [
    'whatsapp_handlers_total',
    ['kind', 'result'],
    [
      { kind: 'message', result: 'done' },
      { kind: 'message', result: 'retry' },
      { kind: 'message', result: 'dead' },
      { kind: 'status', result: 'dead' },
    ],
  ],
  [
    'whatsapp_forwards_total',
    ['endpoint', 'result'],
    [
      { endpoint: 'default', result: 'taken' },
      { endpoint: 'default', result: 'retry' },
      { endpoint: 'default', result: 'refused' },
    ],
  ],
  [
    'whatsapp_api_requests_total',
    ['method', 'route', 'status'],
    [
      { method: 'POST', route: '/v1/messages', status: '202' },
      { method: 'GET', route: '/v1/messages/:id', status: '404' },
    ],
  ],
  ['whatsapp_dead_letters', ['kind'], [{ kind: 'message' }, { kind: 'status' }, { kind: 'event' }]],
  ['whatsapp_queue_depth', ['queue'], [{ queue: 'outbox' }, { queue: 'forwarding' }]],
  ['whatsapp_queue_age_seconds', ['queue'], []],
  ['whatsapp_budget_used_ratio', [], [{}]],
];

describe('What is watched', () => {
  let receiver: EventReceiver;
  let service: ServiceHost;
  let samples: Sample[];
  const secrets: string[] = [];

  beforeAll(async () => {
    receiver = await EventReceiver.start();
    service = await startService({
      imports: [BotModule],
      variables: { FORWARD_URL: receiver.url, FORWARD_SECRET: receiver.secret, FORWARD_PRIVATE: 'allow' },
    });
    const { twilio, url } = service;
    const webhook = `${url}/webhooks/whatsapp/twilio`;
    const phone = twilio.phone(ANA);
    const sent = (text: string, to: string, more: object = {}) =>
      service.call('POST', '/v1/messages', { body: { to, text, ...more } });
    const ends = (result: string, code: string) =>
      samplesWhen(service, (found) => sumOf(found, 'whatsapp_sends_total', { result, code }) > 0);

    // In and out, and what Twilio says of it.
    await phone.sends('hello');
    await phone.receives('Hello!');
    const params: Record<string, string> = { ...inbound.text({ Body: 'again' }), AccountSid: twilio.accountSid };
    for (let time = 0; time < 2; time++) await postSigned(webhook, params, { token: twilio.authToken });
    await postForm(webhook, params);
    await postForm(`${webhook}/status`, params);
    const take = jest
      .spyOn(service.app.get(WebhookIntake, { strict: false }), 'take')
      .mockRejectedValueOnce(new Error('full'));
    await postSigned(webhook, { ...params, MessageSid: `SM${'0'.repeat(32)}` }, { token: twilio.authToken });
    take.mockRestore();

    // What handlers and endpoints do not take.
    receiver.answer = ({ data }) => ({ later: 500, never: 410 })[data.text ?? ''] ?? 204;
    await phone.sends('never');
    await twilio.phone('+15551230002').sends('later');
    await runs.until(() => runs.all.filter((text) => text === 'later').length === 2);

    // What Twilio does not take: for now, for good, and nobody knows.
    twilio.faults({ rest: { status: 429, retryAfter: 1, times: 1 } });
    await sent('a', '+15551230003');
    await ends('retry', '20429');
    twilio.faults({ rest: { status: 400, code: 21_211, times: 1 } });
    await sent('b', '+15551230004');
    await ends('failed', '21211');
    twilio.faults({ rest: { status: 500, times: 1 } });
    await sent('c', '+15551230005');
    await ends('unknown', '20500');
    twilio.faults({});
    await sent('d', '+15551230006', { sendAt: new Date(Date.now() + 3_600_000) });
    await service.call('GET', `/v1/messages/${'0'.repeat(8)}-0000-7000-8000-${'0'.repeat(12)}`);
    secrets.push(ANA.slice(1), twilio.sender.slice(-10), twilio.accountSid, params['MessageSid']!);

    samples = await samplesWhen(service, (found) =>
      metrics.every(([name, , moved]) => moved.every((labels) => sumOf(found, name, labels) > 0)),
    );
  }, 60_000);

  afterAll(async () => {
    await service.close();
    await receiver.stop();
  });

  const known = (name: string) => samples.filter((sample) => sample.name === name);

  it('is each thing that can happen, by few and harmless labels', () => {
    const ours = samples.filter(({ name }) => name.startsWith('whatsapp_'));
    const listed = metrics.map(([name]) => name.replace(/_count$/, ''));
    const named = new Set(ours.map(({ name }) => name.replace(/(?<=_seconds)_(bucket|count|sum)$/, '')));
    expect([...named].toSorted()).toEqual(listed.toSorted());
    for (const [name, labels] of metrics) {
      for (const sample of known(name)) expect(Object.keys(sample.labels).toSorted()).toEqual(labels.toSorted());
    }
    const told = JSON.stringify(ours);
    for (const secret of secrets) expect(told).not.toContain(secret);
    const ids = /[0-9a-f]{8}-[0-9a-f]{4}|[A-Z]{2}[0-9a-f]{32}/;
    expect(ours.filter(({ labels }) => Object.values(labels).some((value) => ids.test(value)))).toEqual([]);
  });

  /** What is wrong with an expression, of metrics that there are, after traffic of every kind. */
  function complaintsAbout(expression: string): string[] {
    const { asked, grouping, isValid } = readExpression(expression);
    if (!isValid || asked.length === 0) return ['it cannot be read'];
    return asked.flatMap(({ metric, matchers }) => {
      const found = known(metric);
      if (found.length === 0) return [`there is no ${metric}`];
      const unknown = [...grouping, ...matchers.map(({ label }) => label)].filter(
        (label) => !found.some(({ labels }) => label in labels),
      );
      const unseen = matchers.filter(({ label, value }) => !found.some(({ labels }) => labels[label] === value));
      const complaints = unknown.map((label) => `${metric} has no label ${label}`);
      return complaints.concat(unseen.map(({ label, value }) => `${metric} has no ${label} ${value}`));
    });
  }

  it.each([
    ...alerts.map(({ alert, expr }) => [`the alert ${alert}`, expr] as const),
    ...dashboard.panels.flatMap(({ title, targets }) =>
      targets.map(({ expr }) => [`the panel ${title}`, expr] as const),
    ),
  ])('%s asks for what there is', (_name, expression) => {
    expect(complaintsAbout(expression)).toEqual([]);
  });

  it('would be found out, if it asked for something else', () => {
    expect(complaintsAbout('sum(rate(whatsapp_webhooks_total{result="failed"}[5m])')).toEqual(['it cannot be read']);
    expect(complaintsAbout('max(whatsapp_budget_used)')).toEqual(['there is no whatsapp_budget_used']);
    expect(complaintsAbout('sum by (account) (whatsapp_sends_total{result="lost"})')).toEqual([
      'whatsapp_sends_total has no label account',
      'whatsapp_sends_total has no result lost',
    ]);
  });

  it('lets the autoscaler ask for what there is', () => {
    const asked = autoscaler.spec.metrics.flatMap(({ pods }) => (pods ? [pods.metric] : []));
    expect(asked).toHaveLength(2);
    for (const { name, selector } of asked) {
      expect(known(name)).toContainEqual(expect.objectContaining({ labels: selector.matchLabels }));
    }
  });

  it('has a section of the runbook for each alert, and no other', () => {
    const sections = Array.from(readText('docs/runbook.md').matchAll(/^## (Whatsapp\w+)$/gm), ([, name]) => name);
    expect(sections).toEqual(alerts.map(({ alert }) => alert));
    for (const { alert, annotations, labels } of alerts) {
      expect(annotations.runbook).toBe(`docs/runbook.md#${alert.toLowerCase()}`);
      expect(labels.severity).toMatch(/^(info|warning|critical)$/);
    }
  });
});
