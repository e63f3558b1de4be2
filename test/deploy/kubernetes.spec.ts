import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { serviceVariables } from '../../src/service/service-environment';
import { complaintsAbout, type Resource } from '../support/kubernetes-documents';
import { startService } from '../support/service-host';
import { changed, isSecret, isVariable, readText, readYaml, root } from './files';
import { isKustomization, type Kustomization } from './kustomization';

const folder = 'deploy/kubernetes';
const kustomization = readYaml<Kustomization>(`${folder}/kustomization.yaml`);
const resources = kustomization.resources.map((file) => readYaml<Resource>(`${folder}/${file}`));
const of = (kind: string) => resources.find((resource) => resource.kind === kind)!;
const template = of('Deployment').spec['template'];
const container = template.spec.containers[0];
const rules: Resource = {
  apiVersion: 'monitoring.coreos.com/v1',
  kind: 'PrometheusRule',
  metadata: { name: 'whatsapp-twilio' },
  spec: readYaml('deploy/monitoring/alerts.yaml'),
};

/** Mistakes that a reader can pass over, each with what is said about it. */
const mistakes: [kind: string, mistake: string, change: (spec: any) => void, complaint: RegExp][] = [
  ['Deployment', 'an unknown field', (spec) => (spec.replcas = 2), /replcas/],
  ['Deployment', 'a wrong type', (spec) => (spec.replicas = 'two'), /replicas must be integer/],
  ['Deployment', 'a missing selector', (spec) => delete spec.selector, /selector/],
  [
    'Deployment',
    'an unknown field of a probe',
    ({ template }) => (template.spec.containers[0].livenessProbe.path = '/'),
    /path/,
  ],
  [
    'Deployment',
    'a quantity that is none',
    ({ template }) => (template.spec.containers[0].resources.limits.memory = 'a lot'),
    /memory/,
  ],
  [
    'Deployment',
    'a text for a port',
    ({ template }) => (template.spec.containers[0].ports[0].containerPort = '3000'),
    /containerPort/,
  ],
  ['HorizontalPodAutoscaler', 'an unknown field', (spec) => (spec.metrics[0].pods.metric.nam = 'x'), /nam/],
  ['HorizontalPodAutoscaler', 'no limit', (spec) => delete spec.maxReplicas, /maxReplicas/],
  ['NetworkPolicy', 'an unknown field', (spec) => (spec.egres = []), /egres/],
  ['NetworkPolicy', 'a wrong type', (spec) => (spec.egress[0].ports = 53), /ports/],
  ['PodDisruptionBudget', 'an unknown field', (spec) => (spec.minAvaillable = 1), /minAvaillable/],
  ['PrometheusRule', 'an unknown field', (spec) => (spec.groups[0].rules[0].exp = '1'), /exp/],
  ['PrometheusRule', 'a time that is none', (spec) => (spec.groups[0].rules[0].for = 'soon'), /for must match pattern/],
  ['Service', 'an unknown field', (spec) => (spec.ports[0].targetport = 'http'), /targetport/],
  ['Service', 'a missing port', (spec) => delete spec.ports[0].port, /port/],
  ['ServiceMonitor', 'an unknown field', (spec) => (spec.endpoints[0].prt = 'http'), /prt/],
  ['ServiceMonitor', 'an interval that is none', (spec) => (spec.endpoints[0].interval = '30x'), /interval/],
];

describe('The Kubernetes files', () => {
  it('are all listed, and are what is needed', () => {
    const files = readdirSync(join(root, folder)).filter((file) => file !== 'kustomization.yaml');
    expect(kustomization.resources.toSorted()).toEqual(files.toSorted());
    expect(resources.map(({ kind }) => kind).toSorted()).toEqual([
      'Deployment',
      'HorizontalPodAutoscaler',
      'NetworkPolicy',
      'PodDisruptionBudget',
      'Service',
      'ServiceMonitor',
    ]);
    for (const { metadata } of resources) expect(metadata.name).toBe('whatsapp-twilio');
  });

  it('are as Kubernetes and the Prometheus operator want them, to the last field; mistakes in them would be seen', async () => {
    const documents = [...resources, rules];
    const mistaken = mistakes.map(([kind, , change]) =>
      changed(
        documents.find((document) => document.kind === kind)!,
        ({ spec }) => change(spec),
      ),
    );
    const complaints = await complaintsAbout([...documents, ...mistaken]);
    expect(complaints.slice(0, documents.length)).toEqual(documents.map(() => []));
    for (const [index, [kind, mistake, , complaint]] of mistakes.entries()) {
      const found = complaints[documents.length + index]!;
      expect({ kind, mistake, found: found.join('\n') }).toMatchObject({ found: expect.stringMatching(complaint) });
    }
    expect(new Set(mistakes.map(([kind]) => kind))).toEqual(new Set(documents.map(({ kind }) => kind)));
  }, 60_000);

  it('are put together by a kustomization without a mistake', () => {
    expect(isKustomization(kustomization)).toBe(true);
    expect(isKustomization(changed(kustomization, (copy) => (copy.resource = [])))).toBe(false);
    expect(isKustomization(changed(kustomization, (copy) => (copy.configMapGenerator[0].literals = ['PORT'])))).toBe(
      false,
    );
    const { version } = JSON.parse(readText('package.json')) as { version: string };
    expect(kustomization.images).toEqual([{ name: container.image, newTag: version }]);
    expect(container.envFrom).toEqual([{ configMapRef: { name: kustomization.configMapGenerator[0]!.name } }]);
  });

  it('are all about the same pods', () => {
    const { labels } = template.metadata;
    expect(kustomization.labels).toEqual([{ pairs: labels }]);
    expect(of('Deployment').spec['selector']).toEqual({ matchLabels: labels });
    expect(of('PodDisruptionBudget').spec['selector']).toEqual({ matchLabels: labels });
    expect(of('NetworkPolicy').spec['podSelector']).toEqual({ matchLabels: labels });
    expect(template.spec.topologySpreadConstraints[0].labelSelector).toEqual({ matchLabels: labels });
    expect(of('Service').spec['selector']).toEqual(labels);
    expect(of('ServiceMonitor').spec['selector']).toEqual({ matchLabels: labels }); // those of the Service
    const { apiVersion, kind, metadata } = of('Deployment');
    expect(of('HorizontalPodAutoscaler').spec['scaleTargetRef']).toEqual({ apiVersion, kind, name: metadata.name });
  });

  it('set only variables that are read, and secrets as files', () => {
    const literals = kustomization.configMapGenerator[0]!.literals.map((literal) => literal.split('=')[0]!);
    const env = container.env as { name: string; value: string }[];
    const names = [...literals, ...env.map(({ name }) => name)];
    expect(names.filter((name) => !isVariable(name))).toEqual([]);
    expect(literals.filter(isSecret)).toEqual([]);
    for (const { value } of env) expect(value).toMatch(/^\/secrets\//);
    expect(container.volumeMounts.map(({ mountPath }: { mountPath: string }) => mountPath)).toEqual([
      '/secrets',
      '/data',
    ]);
    const [, kubectl] = /kubectl create secret generic whatsapp-twilio (.+?)\nkubectl/s.exec(
      readText('docs/service.md'),
    )!;
    const given = Array.from(kubectl!.matchAll(/--from-literal=([\w-]+)=/g), ([, name]) => `/secrets/${name}`);
    expect(given).toEqual(env.map(({ value }) => value));
  });

  it('run it as nobody in particular, on a file system it cannot write to', () => {
    expect(template.spec.securityContext).toMatchObject({ runAsNonRoot: true });
    expect(container.securityContext).toMatchObject({ readOnlyRootFilesystem: true, allowPrivilegeEscalation: false });
    expect(container.resources).toHaveProperty('limits');
    // Its owner and group, which the pod is of, may read it; nobody may write.
    expect(template.spec.volumes[0].secret.defaultMode).toBe(0o440);
  });

  it('name the port that the service listens on', () => {
    expect(container.ports).toEqual([{ name: 'http', containerPort: Number(serviceVariables.PORT) }]);
    expect(of('Service').spec['ports']).toEqual([{ name: 'http', port: 80, targetPort: 'http' }]);
    expect(of('NetworkPolicy').spec['ingress']).toEqual([{ ports: [{ port: 'http', protocol: 'TCP' }] }]);
  });

  it('probe and scrape paths that answer', async () => {
    const service = await startService();
    try {
      for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'] as const) {
        const { path, port } = container[probe].httpGet;
        expect(port).toBe('http');
        expect((await service.call('GET', path)).status).toBe(200);
      }
      const [{ path, port }] = of('ServiceMonitor').spec['endpoints'];
      expect(port).toBe(of('Service').spec['ports'][0].name);
      expect((await service.call('GET', path)).status).toBe(200);
    } finally {
      await service.close();
    }
  });
});
