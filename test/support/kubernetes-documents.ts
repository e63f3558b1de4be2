import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { newId } from '../../src/common/ids';

/** A document for Kubernetes. */
export interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Record<string, string> };
  readonly spec: unknown;
}

/**
 * What is wrong with each of the documents: the API's own validators know values and what is required, its types know
 * the names of all fields. Both come with the packages `kubernetes-models`.
 */
export async function complaintsAbout(documents: readonly Resource[]): Promise<string[][]> {
  const complaints = documents.map(complaintsOfValidator);
  for (const [index, complaint] of await complaintsOfTypes(documents)) complaints[index]!.push(complaint);
  return complaints;
}

function moduleOf({ apiVersion }: Resource): string {
  const isOperator = apiVersion.startsWith('monitoring.coreos.com/');
  return `${isOperator ? '@kubernetes-models/prometheus-operator' : 'kubernetes-models'}/${apiVersion}`;
}

function complaintsOfValidator(document: Resource): string[] {
  try {
    const models = require(moduleOf(document)) as Record<string, new (data: Resource) => { validate(): void }>;
    new models[document.kind]!(document).validate();
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}

/** Compiles each document as a literal of its type, on a line of its own. */
async function complaintsOfTypes(documents: readonly Resource[]): Promise<[index: number, complaint: string][]> {
  const lines = documents.map((document, index) => {
    const declarations = join(dirname(require.resolve(moduleOf(document))), 'index.js');
    const type = `import(${JSON.stringify(declarations)}).I${document.kind}`;
    return `export const document${index}: ${type} = ${JSON.stringify(document)};`;
  });
  const file = join(tmpdir(), `documents-${newId()}.ts`);
  await writeFile(file, lines.join('\n'));
  try {
    const compiler = join(dirname(require.resolve('typescript/package.json')), 'bin/tsc');
    const options =
      '--noEmit --strict --skipLibCheck --module esnext --moduleResolution bundler --types --ignoreConfig';
    const output = await promisify(execFile)(process.execPath, [compiler, ...options.split(' '), file]).then(
      ({ stdout }) => stdout,
      (error: { stdout: string }) => error.stdout,
    );
    return Array.from(output.matchAll(/\((\d+),\d+\): error (.+)/g), ([, line, text]) => [Number(line) - 1, text!]);
  } finally {
    await rm(file);
  }
}
