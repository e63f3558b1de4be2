/** A JSON Schema (2020-12), as OpenAPI 3.1 takes them whole. */
export type Schema = Readonly<Record<string, unknown>>;

export const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
export const text = (description: string, more: Schema = {}): Schema => ({ type: 'string', description, ...more });
export const time = (description: string): Schema => ({ type: 'string', format: 'date-time', description });
export const uuid = (description: string): Schema => ({ type: 'string', format: 'uuid', description });
export const yesNo = (description: string): Schema => ({ type: 'boolean', description });
export const listOf = (items: Schema, description?: string, more: Schema = {}): Schema => ({
  type: 'array',
  items,
  ...(description !== undefined && { description }),
  ...more,
});

/** An object; a property whose name ends in `?` may be missing. */
export function object(properties: Readonly<Record<string, Schema>>, more: Schema = {}): Schema {
  const entries = Object.entries(properties);
  const required = entries.map(([name]) => name).filter((name) => !name.endsWith('?'));
  return {
    type: 'object',
    properties: Object.fromEntries(entries.map(([name, schema]) => [name.replace(/\?$/, ''), schema])),
    ...(required.length > 0 && { required }),
    ...more,
  };
}
