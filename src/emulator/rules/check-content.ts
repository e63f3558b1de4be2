import type { ContentTypes } from './content';

const TYPES: ReadonlySet<string> = new Set([
  'twilio/text',
  'twilio/media',
  'twilio/location',
  'twilio/list-picker',
  'twilio/call-to-action',
  'twilio/quick-reply',
  'twilio/card',
  'twilio/catalog',
  'twilio/carousel',
  'twilio/flows',
  'twilio/schedule',
  'twilio/pay',
  'whatsapp/card',
  'whatsapp/authentication',
  'whatsapp/flows',
]);
const LONGEST_BODY = 1024;
const MOST_VARIABLES = 100;

/**
 * What is wrong with the types of a template, or `undefined`.
 *
 * @see https://www.twilio.com/docs/content/content-types-overview
 */
export function contentProblem(types: unknown, variables: unknown): string | undefined {
  if (!isRecord(types) || Object.keys(types).length === 0) return 'types has no content type';
  for (const [name, type] of Object.entries(types)) {
    if (!TYPES.has(name)) return `types has no content type ${name}`;
    if (!isRecord(type)) return `${name} is no object`;
    const problem = typeProblem(name, type);
    if (problem !== undefined) return `${name}: ${problem}`;
  }
  if (variables === undefined || variables === null) return undefined;
  if (!isRecord(variables)) return 'variables is no object';
  const names = Object.keys(variables);
  if (names.length > MOST_VARIABLES) return `there are more than ${MOST_VARIABLES} variables`;
  if (names.some((name) => name.length > 16 || /\s/.test(name)))
    return 'a variable name has 1 to 16 characters and no space';
  if (Object.values(variables).some((value) => typeof value !== 'string')) return 'a variable is no text';
  return undefined;
}

export function areContentTypes(types: unknown): types is ContentTypes {
  return contentProblem(types, undefined) === undefined;
}

function typeProblem(name: string, type: Record<string, unknown>): string | undefined {
  if (['twilio/text', 'twilio/quick-reply', 'twilio/list-picker'].includes(name) && !isText(type.body)) {
    return 'body is missing';
  }
  if (name !== 'twilio/text' && isText(type.body) && type.body.length > LONGEST_BODY) {
    return `body is longer than ${LONGEST_BODY} characters`;
  }
  if (name === 'twilio/quick-reply') return listProblem('actions', type.actions, 10, { title: 20, id: 200 });
  if (name === 'twilio/list-picker')
    return listProblem('items', type.items, 10, { item: 24, id: 200, description: 72 });
  if (name === 'twilio/carousel') return listProblem('cards', type.cards, 10, {});
  if (name === 'twilio/media' && !(Array.isArray(type.media) && type.media.length > 0)) return 'media is missing';
  return undefined;
}

function listProblem(
  name: string,
  list: unknown,
  most: number,
  lengths: Readonly<Record<string, number>>,
): string | undefined {
  if (!Array.isArray(list) || list.length === 0 || list.length > most) return `${name} has 1 to ${most} entries`;
  for (const entry of list as unknown[]) {
    if (!isRecord(entry)) return `an entry of ${name} is no object`;
    for (const [field, longest] of Object.entries(lengths)) {
      const value = entry[field];
      if (isText(value) && value.length > longest) return `${name}.${field} is longer than ${longest} characters`;
    }
  }
  return undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
