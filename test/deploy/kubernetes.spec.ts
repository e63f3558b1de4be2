import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { serviceVariables } from '../../src/service/service-environment';
import { complaintsAbout, type Resource } from '../support/kubernetes-documents';
import { startService } from '../support/service-host';
import { changed, isSecret, isVariable, readText, readYaml, root } from './files';
import { isKustomization, type Kustomization } from './kustomization';

const folder = 'deploy/kubernetes';
const kustomization = readYaml(`${folder}/kustomization.yaml`) as Kustomization;
const resources = kustomization.resources.map((file) => readYaml(`${folder}/${file}`) as Resource);
const of = (kind: string) => resources.find((resource) => resource.kind === kind)!;
const specOf = (kind: string): unknown => of(kind).spec;

interface Selector {
  readonly matchLabels: Record<string, string>;
}
interface Container {
  readonly image: string;
  readonly ports: readonly object[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly envFrom: readonly object[];
  readonly volumeMounts: readonly { readonly mountPath: string }[];
  readonly securityContext: object;
  readonly resources: object;
  readonly [probe: `${string}Probe`]: { readonly httpGet: { readonly path: string; readonly port: string } };
}
const deployment = specOf('Deployment') as {
  readonly selector: Selector;
  readonly template: {
    readonly metadata: { readonly labels: Record<string, string> };
    readonly spec: {
      readonly containers: readonly [Container];
      readonly securityContext: object;
      readonly topologySpreadConstraints: readonly { readonly labelSelector: Selector }[];
      readonly volumes: readonly { readonly secret?: { readonly defaultMode: number } }[];
    };
  };
};
const service = specOf('Service') as {
  readonly selector: object;
  readonly ports: readonly { readonly name: string }[];
};
const monitor = specOf('ServiceMonitor') as {
  readonly selector: Selector;
  readonly endpoints: readonly { readonly path: string; readonly port: string }[];
};
const policy = specOf('NetworkPolicy') as { readonly podSelector: Selector; readonly ingress: object };
const { template } = deployment;
const [container] = template.spec.containers;
const rules: Resource = {
  apiVersion: 'monitoring.coreos.com/v1',
  kind: 'PrometheusRule',
  metadata: { name: 'whatsapp-twilio' },
  spec: readYaml('deploy/monitoring/alerts.yaml'),
};

/** Mistakes that a reader can pass over: another value somewhere, or none; and what is said about it. */
const mistakes: readonly [kind: string, path: string, value: unknown, complaint: RegExp][] = [
  ['Deployment', 'spec.replcas', 2, /replcas/],
  ['Deployment', 'spec.replicas', 'two', /replicas must be integer/],
  ['Deployment', 'spec.selector', undefined, /selector/],
  ['Deployment', 'spec.template.spec.containers.0.livenessProbe.path', '/', /path/],
  ['Deployment', 'spec.template.spec.containers.0.resources.limits.memory', 'a lot', /memory/],
  ['Deployment', 'spec.template.spec.containers.0.ports.0.containerPort', '3000', /containerPort/],
  ['HorizontalPodAutoscaler', 'spec.metrics.0.pods.metric.nam', 'x', /nam/],
  ['HorizontalPodAutoscaler', 'spec.maxReplicas', undefined, /maxReplicas/],
  ['NetworkPolicy', 'spec.egres', [], /egres/],
  ['NetworkPolicy', 'spec.egress.0.ports', 53, /ports/],
  ['PodDisruptionBudget', 'spec.minAvaillable', 1, /minAvaillable/],
  ['PrometheusRule', 'spec.groups.0.rules.0.exp', '1', /exp/],
  ['PrometheusRule', 'spec.groups.0.rules.0.for', 'soon', /for must match pattern/],
  ['Service', 'spec.ports.0.targetport', 'http', /targetport/],
  ['Service', 'spec.ports.0.port', undefined, /port/],
  ['ServiceMonitor', 'spec.endpoints.0.prt', 'http', /prt/],
  ['ServiceMonitor', 'spec.endpoints.0.interval', '30x', /interval/],
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
    const mistaken = mistakes.map(([kind, path, value]) =>
      changed(
        documents.find((document) => document.kind === kind)!,
        path,
        value,
      ),
    );
    const complaints = await complaintsAbout([...documents, ...mistaken]);
    expect(complaints.slice(0, documents.length)).toEqual(documents.map(() => []));
    for (const [index, [kind, path, , complaint]] of mistakes.entries()) {
      const found = complaints[documents.length + index]!.join('\n');
      expect({ kind, path, found }).toEqual({ kind, path, found: expect.stringMatching(complaint) });
    }
    expect(new Set(mistakes.map(([kind]) => kind))).toEqual(new Set(documents.map(({ kind }) => kind)));
  }, 60_000);

  it('are put together by a kustomization without a mistake', () => {
    expect(isKustomization(kustomization)).toBe(true);
    expect(isKustomization(changed(kustomization, 'resource', []))).toBe(false);
    expect(isKustomization(changed(kustomization, 'configMapGenerator.0.literals', ['PORT']))).toBe(false);
    const { version } = JSON.parse(readText('package.json')) as { version: string };
    expect(kustomization.images).toEqual([{ name: container.image, newTag: version }]);
    expect(container.envFrom).toEqual([{ configMapRef: { name: kustomization.configMapGenerator[0]!.name } }]);
  });

  it('are all about the same pods', () => {
    const { labels } = template.metadata;
    expect(kustomization.labels).toEqual([{ pairs: labels }]);
    expect(deployment.selector).toEqual({ matchLabels: labels });
    expect(specOf('PodDisruptionBudget')).toMatchObject({ selector: { matchLabels: labels } });
    expect(policy.podSelector).toEqual({ matchLabels: labels });
    expect(template.spec.topologySpreadConstraints[0]!.labelSelector).toEqual({ matchLabels: labels });
    expect(service.selector).toEqual(labels);
    expect(monitor.selector).toEqual({ matchLabels: labels }); // those of the Service
    const { apiVersion, kind, metadata } = of('Deployment');
    expect(specOf('HorizontalPodAutoscaler')).toMatchObject({
      scaleTargetRef: { apiVersion, kind, name: metadata.name },
    });
  });

  it('set only variables that are read, and secrets as files', () => {
    const literals = kustomization.configMapGenerator[0]!.literals.map((literal) => literal.split('=')[0]!);
    const { env } = container;
    const names = [...literals, ...env.map(({ name }) => name)];
    expect(names.filter((name) => !isVariable(name))).toEqual([]);
    expect(literals.filter(isSecret)).toEqual([]);
    for (const { value } of env) expect(value).toMatch(/^\/secrets\//);
    expect(container.volumeMounts.map(({ mountPath }) => mountPath)).toEqual(['/secrets', '/data']);
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
    expect(template.spec.volumes[0]!.secret!.defaultMode).toBe(0o440);
  });

  it('name the port that the service listens on', () => {
    expect(container.ports).toEqual([{ name: 'http', containerPort: Number(serviceVariables.PORT) }]);
    expect(service.ports).toEqual([{ name: 'http', port: 80, targetPort: 'http' }]);
    expect(policy.ingress).toEqual([{ ports: [{ port: 'http', protocol: 'TCP' }] }]);
  });

  it('probe and scrape paths that answer', async () => {
    const host = await startService();
    try {
      for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'] as const) {
        const { path, port } = container[probe]!.httpGet;
        expect(port).toBe('http');
        expect((await host.call('GET', path)).status).toBe(200);
      }
      const { path, port } = monitor.endpoints[0]!;
      expect(port).toBe(service.ports[0]!.name);
      expect((await host.call('GET', path)).status).toBe(200);
    } finally {
      await host.close();
    }
  });
});
