import Ajv from 'ajv';

const texts = { type: 'array', items: { type: 'string' }, minItems: 1, uniqueItems: true };

const fields = (properties: object, required: readonly string[]) => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});

/**
 * The part of a kustomization that is used here, as no package has a schema of it.
 *
 * @see https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/
 */
export const isKustomization = new Ajv({ strict: true }).compile(
  fields(
    {
      apiVersion: { const: 'kustomize.config.k8s.io/v1beta1' },
      kind: { const: 'Kustomization' },
      resources: texts,
      labels: {
        type: 'array',
        items: fields({ pairs: { type: 'object', additionalProperties: { type: 'string' } } }, ['pairs']),
      },
      images: {
        type: 'array',
        items: fields({ name: { type: 'string' }, newName: { type: 'string' }, newTag: { type: 'string' } }, ['name']),
      },
      configMapGenerator: {
        type: 'array',
        items: fields(
          { name: { type: 'string' }, literals: { ...texts, items: { type: 'string', pattern: '^[A-Z_]+=.+$' } } },
          ['name'],
        ),
      },
    },
    ['apiVersion', 'kind', 'resources'],
  ),
);

export interface Kustomization {
  readonly resources: readonly string[];
  readonly labels: readonly { readonly pairs: Record<string, string> }[];
  readonly images: readonly { readonly name: string; readonly newTag: string }[];
  readonly configMapGenerator: readonly { readonly name: string; readonly literals: readonly string[] }[];
}
