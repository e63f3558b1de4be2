import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { serviceSecrets, serviceVariables } from '../../src/service/service-environment';
import { moduleVariables } from '../../src/whatsapp-twilio/contract/environment';

export const root = join(__dirname, '../..');

export const readText = (path: string): string => readFileSync(join(root, path), 'utf8');

export const readYaml = (path: string): unknown => parse(readText(path));

const variables = new Set([...Object.keys(moduleVariables), ...Object.keys(serviceVariables)]);

const secrets = new Set([
  ...Object.entries(moduleVariables).flatMap(([name, { secret }]) => (secret ? [name] : [])),
  ...serviceSecrets,
]);

export const isSecret = (name: string): boolean => secrets.has(name);

/** Whether the service reads it, itself or by `NAME_FILE`. */
export const isVariable = (name: string): boolean =>
  variables.has(name) || (name.endsWith('_FILE') && isSecret(name.slice(0, -'_FILE'.length)));

/** The document with another value at a path, as `spec.ports.0.name`; without what is there, if that is `undefined`. */
export function changed<Document extends object>(document: Document, path: string, value: unknown): Document {
  const copy = structuredClone(document);
  const names = path.split('.');
  const last = names.pop()!;
  let place = copy as Record<string, unknown>;
  for (const name of names) place = place[name] as Record<string, unknown>;
  if (value === undefined) delete place[last];
  else place[last] = value;
  return copy;
}
