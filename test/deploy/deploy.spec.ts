import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { serviceSecrets, serviceVariables } from '../../src/service/service-environment';
import { servicePackages } from '../../src/service/service-packages';
import { moduleVariables } from '../../src/whatsapp-twilio/contract/environment';
import { startService, type ServiceHost } from '../support/service-host';

const root = join(__dirname, '../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

interface Container {
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly volumeMounts: readonly { readonly mountPath: string }[];
  readonly securityContext: Record<string, unknown>;
  readonly resources: object;
  readonly [probe: `${string}Probe`]: { readonly httpGet: { readonly path: string; readonly port: string } };
}
interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: Record<string, unknown>;
}

const folder = 'deploy/kubernetes';
const kustomization = parse(read(`${folder}/kustomization.yaml`)) as {
  readonly resources: readonly string[];
  readonly configMapGenerator: readonly { readonly literals: readonly string[] }[];
};
const resources = kustomization.resources.map((file) => parse(read(`${folder}/${file}`)) as Resource);
const of = (kind: string) => resources.find((resource) => resource.kind === kind)!;
const pod = (of('Deployment').spec['template'] as { spec: { containers: Container[]; securityContext: object } }).spec;
const container = pod.containers[0]!;

const variables = new Set([...Object.keys(moduleVariables), ...Object.keys(serviceVariables)]);
const secrets = new Set([
  ...Object.entries(moduleVariables).flatMap(([name, { secret }]) => (secret ? [name] : [])),
  ...serviceSecrets,
]);
const isVariable = (name: string) => variables.has(name) || (name.endsWith('_FILE') && secrets.has(name.slice(0, -5)));

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
    for (const { apiVersion, metadata } of resources) {
      expect(apiVersion).toMatch(/^([\w.]+\/)?v\d+$/);
      expect(metadata.name).toBe('whatsapp-twilio');
    }
  });

  it('set only variables that are read, and secrets as files', () => {
    const literals = kustomization.configMapGenerator[0]!.literals.map((literal) => literal.split('=')[0]!);
    const names = [...literals, ...container.env.map(({ name }) => name)];
    expect(names.filter((name) => !isVariable(name))).toEqual([]);
    expect(literals.filter((name) => secrets.has(name))).toEqual([]);
    for (const { value } of container.env) expect(value).toMatch(/^\/secrets\//);
    expect(container.volumeMounts.map(({ mountPath }) => mountPath)).toEqual(['/secrets', '/data']);
  });

  it('run it as nobody in particular, on a file system it cannot write to', () => {
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true });
    expect(container.securityContext).toMatchObject({ readOnlyRootFilesystem: true, allowPrivilegeEscalation: false });
    expect(container.resources).toHaveProperty('limits');
  });

  it('name the port that the service listens on', () => {
    expect(container.ports).toEqual([{ name: 'http', containerPort: Number(serviceVariables.PORT) }]);
    expect((of('Service').spec['ports'] as { targetPort: string }[])[0]!.targetPort).toBe('http');
  });
});

describe('The files for running it', () => {
  let service: ServiceHost;
  beforeAll(async () => {
    service = await startService();
    await service.twilio.phone('+15551230001').sends('hi');
    await service.call('POST', '/v1/messages', { body: { to: '+15551230001', text: 'hello' } });
    await service.twilio.settles();
  });
  afterAll(() => service.close());

  it('probe paths that answer', async () => {
    for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'] as const) {
      const { path, port } = container[probe]!.httpGet;
      expect(port).toBe('http');
      expect((await service.call('GET', path)).status).toBe(200);
    }
    const monitor = of('ServiceMonitor').spec['endpoints'] as { path: string }[];
    expect((await service.call('GET', monitor[0]!.path)).status).toBe(200);
    expect(read('deploy/Dockerfile')).toContain('/health/ready');
  });

  it('ask for metrics that there are', async () => {
    const { body } = await service.call<string>('GET', '/metrics');
    const known = new Set(
      [...body.matchAll(/^# TYPE (\w+) (\w+)$/gm)].flatMap(([, name, type]) =>
        type === 'histogram' ? [`${name}_bucket`, `${name}_count`, `${name}_sum`] : [name!],
      ),
    );
    for (const file of [
      'deploy/monitoring/alerts.yaml',
      'deploy/monitoring/grafana-dashboard.json',
      `${folder}/autoscaler.yaml`,
    ]) {
      const asked = [...read(file).matchAll(/\b(?:whatsapp|nodejs)_[a-z0-9_]+/g)].map(([name]) => name);
      expect(asked.length).toBeGreaterThan(0);
      expect(asked.filter((name) => !known.has(name))).toEqual([]);
    }
  });

  it('have a section of the runbook for each alert', () => {
    const { groups } = parse(read('deploy/monitoring/alerts.yaml')) as {
      groups: { rules: { alert: string; expr: string; annotations: { runbook: string } }[] }[];
    };
    const runbook = read('docs/runbook.md');
    for (const { alert, annotations } of groups.flatMap(({ rules }) => rules)) {
      expect(annotations.runbook).toBe(`docs/runbook.md#${alert.toLowerCase()}`);
      expect(runbook).toContain(`\n## ${alert}\n`);
    }
  });
});

describe('The image', () => {
  const dockerfile = read('deploy/Dockerfile');

  it('is built in stages, runs as another than root, and is started without a shell', () => {
    expect(dockerfile.match(/^FROM /gm)).toHaveLength(3);
    expect(dockerfile).toMatch(/^USER 1000:1000$/m);
    expect(dockerfile).toMatch(/^CMD \["node", "dist\/service\/main\.js"\]$/m);
    expect(dockerfile).toMatch(new RegExp(`^EXPOSE ${serviceVariables.PORT}$`, 'm'));
  });

  it('copies only what there is, and what the build context has', () => {
    const context = read('.dockerignore');
    for (const [, list] of dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)) {
      for (const path of list!.split(' ')) {
        expect(context).toContain(`!${path}\n`);
        expect(readdirSync(join(root, path, '..'))).toContain(path.split('/').at(-1));
      }
    }
  });

  it('has every package that the service needs: the peers, which are tested', () => {
    const manifest = JSON.parse(read('package.json')) as Record<'peerDependencies' | 'devDependencies', object>;
    for (const name of servicePackages) {
      expect(manifest.peerDependencies).toHaveProperty([name]);
      expect(manifest.devDependencies).toHaveProperty([name]);
    }
  });
});

describe('compose.yaml', () => {
  const compose = parse(read('deploy/compose.yaml')) as {
    services: {
      service: { environment: Record<string, string>; ports: string[]; read_only: boolean };
      postgres: object;
    };
  };

  it('sets only variables that are read', () => {
    const { environment, ports, read_only } = compose.services.service;
    expect(Object.keys(environment).filter((name) => !variables.has(name))).toEqual([]);
    expect(ports).toEqual([`${serviceVariables.PORT}:${serviceVariables.PORT}`]);
    expect(read_only).toBe(true);
  });
});
