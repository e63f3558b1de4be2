import { pathOf, type FieldErrors } from './field-errors';

/** Every field of an `OutboundMessageInput`. */
export const outboundFields = [
  'to',
  'from',
  'text',
  'media',
  'template',
  'location',
  'connectionId',
  'idempotencyKey',
  'priority',
  'sendAt',
  'expiresInSeconds',
  'outsideWindow',
  'metadata',
] as const;

export type OutboundField = (typeof outboundFields)[number];

/** Names that people coming from Twilio's API, or from Meta's, try first. Without case, `_` and `-`. */
const otherNames: ReadonlyMap<string, OutboundField> = new Map<string, OutboundField>([
  ['recipient', 'to'],
  ['phone', 'to'],
  ['phonenumber', 'to'],
  ['sender', 'from'],
  ['fromnumber', 'from'],
  ['body', 'text'],
  ['message', 'text'],
  ['caption', 'text'],
  ['mediaurl', 'media'],
  ['mediaurls', 'media'],
  ['url', 'media'],
  ['image', 'media'],
  ['video', 'media'],
  ['audio', 'media'],
  ['document', 'media'],
  ['contentsid', 'template'],
  ['contentvariables', 'template'],
  ['variables', 'template'],
  ['latitude', 'location'],
  ['longitude', 'location'],
  ['persistentaction', 'location'],
  ['connection', 'connectionId'],
  ['idempotency', 'idempotencyKey'],
  ['scheduledat', 'sendAt'],
  ['validityperiod', 'expiresInSeconds'],
  ['ttl', 'expiresInSeconds'],
  ['expiresin', 'expiresInSeconds'],
  ...outboundFields.map((field) => [field.toLowerCase(), field] as const),
]);

/** Refuses every field that is not `known`, so that a misspelt one is not silently left out of the message. */
export function refuseUnknownFields(
  value: object,
  known: ReadonlySet<string>,
  parent: '' | 'template' | 'location',
  errors: FieldErrors,
): void {
  for (const name of Object.keys(value)) {
    if (known.has(name)) continue;
    const meant = parent === '' ? otherNames.get(name.slice(0, 32).replace(/[_-]/g, '').toLowerCase()) : undefined;
    errors.add(
      pathOf(parent, name),
      'unknown',
      meant === undefined ? `is not known here. Use ${[...known].join(', ')}.` : `is not known. Use ${meant} instead.`,
    );
  }
}
