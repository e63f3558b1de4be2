import type { Button, Extras, ListRow } from '../message';
import type { Approval } from './approval';

/** A content template, as in the Content API: text with `{{1}}` places, in one or more types. */
export interface ContentTemplate {
  readonly sid: string;
  readonly createdAt: number;
  updatedAt: number;
  friendlyName: string;
  language: string;
  /** Values for places that a message leaves out. */
  variables: Readonly<Record<string, string>>;
  /** @see https://www.twilio.com/docs/content/content-types-overview */
  types: ContentTypes;
  approval: Approval;
}

/**
 * By type, for example `{ 'twilio/quick-reply': { body: 'Shall we? {{1}}', actions: [{ title: 'Yes', id: 'yes' }] } }`.
 */
export type ContentTypes = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** A template with its places filled in. */
export interface RenderedContent {
  readonly body: string;
  readonly mediaUrls: readonly string[];
  readonly extras: Extras;
  readonly missingVariables: boolean;
}

/** Twilio sends the richest type that the channel has. */
const RICHEST_FIRST = [
  'whatsapp/card',
  'twilio/card',
  'twilio/carousel',
  'whatsapp/flows',
  'twilio/flows',
  'twilio/catalog',
  'twilio/schedule',
  'twilio/list-picker',
  'twilio/quick-reply',
  'twilio/call-to-action',
  'whatsapp/authentication',
  'twilio/location',
  'twilio/media',
  'twilio/text',
];

/** Types that exist only inside a conversation and cannot be approved as templates. */
const SESSION_ONLY = new Set(['twilio/list-picker', 'twilio/location']);

export function isSessionOnly(template: ContentTemplate): boolean {
  return SESSION_ONLY.has(richestType(template));
}

/** Whether it may be sent to someone who has not written for 24 hours. */
export function mayOpenConversation(template: ContentTemplate): boolean {
  return template.approval.status === 'approved' && !isSessionOnly(template);
}

/** Whether it carries a one-time password; such a template has one variable and needs a telephone number. */
export function isAuthentication(template: ContentTemplate): boolean {
  return richestType(template) === 'whatsapp/authentication';
}

export function render(template: ContentTemplate, given: Readonly<Record<string, string>>): RenderedContent {
  const type = template.types[richestType(template)] ?? {};
  let missingVariables = false;
  const fill = (value: unknown): string =>
    text(value).replace(/\{\{\s*([^{}\s]+)\s*\}\}/g, (place, name: string) => {
      const variable = given[name] ?? template.variables[name];
      if (variable === undefined) missingVariables = true;
      return variable ?? place;
    });
  // WhatsApp writes the text of a one-time password itself.
  const lines = isAuthentication(template)
    ? ['{{1}} is your verification code.']
    : [type.header_text, type.body ?? type.title, type.subtitle, type.footer];
  const body = lines
    .filter((line) => line !== undefined)
    .map(fill)
    .join('\n');
  const buttons = objects(type.actions).map((action): Button => {
    const title = fill(action.title);
    const isReply = action.type === undefined || action.type === 'QUICK_REPLY';
    return { title, id: fill(action.id ?? title), action: isReply ? 'reply' : 'open' };
  });
  const rows = objects(type.items).map((item): ListRow => {
    const [id, title] = [fill(item.id), fill(item.item)];
    return item.description === undefined ? { id, title } : { id, title, description: fill(item.description) };
  });
  const mediaUrls = (Array.isArray(type.media) ? type.media : [type.media])
    .filter((url) => url !== undefined)
    .map(fill);
  const place =
    type.latitude === undefined
      ? {}
      : { place: { latitude: Number(type.latitude), longitude: Number(type.longitude), label: fill(type.label) } };
  return {
    body,
    mediaUrls,
    extras: {
      ...place,
      ...(buttons.length > 0 ? { buttons } : {}),
      ...(rows.length > 0 ? { rows } : {}),
      ...(rows.length > 0 && type.button !== undefined ? { listButton: fill(type.button) } : {}),
    },
    missingVariables,
  };
}

/** Twilio sends the richest of its types. */
export function richestType(template: ContentTemplate): string {
  return RICHEST_FIRST.find((type) => type in template.types) ?? Object.keys(template.types)[0] ?? 'twilio/text';
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

function objects(value: unknown): Record<string, unknown>[] {
  if (!Array.isArray(value)) return [];
  return value.filter((entry): entry is Record<string, unknown> => typeof entry === 'object' && entry !== null);
}
