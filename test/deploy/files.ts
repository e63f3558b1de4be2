import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { serviceSecrets, serviceVariables } from '../../src/service/service-environment';
import { moduleVariables } from '../../src/whatsapp-twilio/contract/environment';

export const root = join(__dirname, '../..');

export const readText = (path: string): string => readFileSync(join(root, path), 'utf8');

export const readYaml = <Content>(path: string): Content => parse(readText(path)) as Content;

const variables = new Set([...Object.keys(moduleVariables), ...Object.keys(serviceVariables)]);

const secrets = new Set([
  ...Object.entries(moduleVariables).flatMap(([name, { secret }]) => (secret ? [name] : [])),
  ...serviceSecrets,
]);

export const isSecret = (name: string): boolean => secrets.has(name);

/** Whether the service reads it, itself or by `NAME_FILE`. */
export const isVariable = (name: string): boolean =>
  variables.has(name) || (name.endsWith('_FILE') && isSecret(name.slice(0, -'_FILE'.length)));

/** The document with one thing changed. */
export function changed<Document>(document: Document, change: (copy: any) => void): Document {
  const copy = structuredClone(document);
  change(copy);
  return copy;
}
