import { listOf, object, ref, type Schema, text, time, uuid, yesNo } from './schema';

const MOST_RPM = 1_000_000;

const limits = (rpm: Schema): Schema =>
  object({ 'rpm?': { ...rpm, minimum: 1, maximum: MOST_RPM, description: 'Sends a minute for the account.' } });

const reason = text('For the audit trail.', { maxLength: 500 });
const state = {
  type: 'string',
  enum: ['active', 'disabled'],
  description: 'A disabled one neither sends nor takes in.',
};
const secret = (description: string): Schema => text(description, { writeOnly: true, pattern: '^[!-~]{1,256}$' });
const sid = (prefix: string, description: string): Schema =>
  text(description, { pattern: `^${prefix}[0-9a-fA-F]{32}$` });

const apiKey = object({ sid: sid('SK', 'The key.'), secret: secret('Its secret.') });

/** A field of a connection that `null` takes out. */
const removable = (schema: Schema, description: string): Schema => ({ anyOf: [schema, { type: 'null' }], description });

const input = {
  'label?': removable({ type: 'string', maxLength: 100 }, 'For people.'),
  'apiKey?': removable(apiKey, 'Authenticates calls in place of the token.'),
  'fromNumber?': removable({ type: 'string' }, 'The sender, `whatsapp:+15551234567`.'),
  'messagingServiceSid?': removable(sid('MG', 'A service.'), 'Chooses the sender when a message names none.'),
  'limits?': removable(limits({ type: ['integer', 'null'] }), 'In place of the service’s.'),
  'state?': state,
  'reason?': reason,
} satisfies Record<string, Schema>;

export const connectionSchemas: Readonly<Record<string, Schema>> = {
  CreateConnection: object(
    {
      accountSid: sid('AC', 'The account. A subaccount has its own token.'),
      authToken: secret('The account’s primary auth token, which signs its webhooks.'),
      ...input,
    },
    { additionalProperties: false },
  ),
  ChangeConnection: object(
    { 'authToken?': secret('Takes the place of the old one at once; tokens in use are better rotated.'), ...input },
    { additionalProperties: false },
  ),
  Rotate: object(
    {
      'authToken?': secret('A new token, made in Twilio’s console. Without it Twilio’s API makes one.'),
      'overlapSeconds?': {
        type: 'number',
        minimum: 0,
        maximum: 604_800,
        description:
          'How long webhooks signed with the old token are accepted after the promotion; an hour, if not given. Unless it ' +
          'is 0, also until one came that was signed with the new token, for a day at most.',
      },
      'reason?': reason,
    },
    { additionalProperties: false },
  ),
  Reason: object({ 'reason?': reason }, { additionalProperties: false }),
  Connection: object({
    id: text('Names it, in `connectionId` of messages and in webhook addresses.'),
    'label?': text('For people.'),
    mode: text('The configured one is `managed`.', { enum: ['managed', 'byok'] }),
    state,
    accountSid: text('The account.'),
    'fromNumber?': text('The sender, `whatsapp:+15551234567`.'),
    'messagingServiceSid?': text('Chooses the sender when a message names none.'),
    'apiKeySid?': text('The key that authenticates calls; without it the auth token does.'),
    limits: limits({ type: 'integer' }),
    'validation?': ref('ConnectionValidation'),
    'rotation?': ref('ConnectionRotation'),
    'createdAt?': time('When it was stored.'),
    'updatedAt?': time('When it was changed.'),
  }),
  ConnectionPage: object({
    connections: listOf(ref('Connection'), 'The configured one, then the stored ones in the order they were made.'),
    'nextCursor?': text('For the next page; absent on the last.'),
  }),
  ConnectionValidation: object({
    valid: yesNo('Whether Twilio accepts the connection.'),
    'error?': text('What is wrong, in one text.'),
    problems: listOf(
      object({
        code: {
          type: 'string',
          enum: [
            'wrong-token',
            'wrong-region',
            'account-suspended',
            'account-closed',
            'api-key-refused',
            'api-key-without-rights',
            'sender-unknown',
            'service-unknown',
            'unreachable',
          ],
        },
        message: text('What to do.'),
        'twilioCode?': { type: 'integer', description: 'Twilio’s error code, where Twilio said no.' },
      }),
      'What is wrong.',
    ),
    checkedAt: time('When Twilio was asked.'),
    providerMeta: object(
      {
        'accountStatus?': text('What Twilio says of the account.'),
        'accountType?': text('`Trial` or `Full`.'),
        'ownerAccountSid?': text('The parent, of a subaccount.'),
      },
      { description: 'What Twilio says of the account.' },
    ),
  }),
  ConnectionRotation: object(
    {
      id: uuid('Ours, a UUIDv7.'),
      connectionId: text('The connection it was begun for.'),
      kind: text('By hand, or by Twilio’s API.', { enum: ['manual', 'twilio'] }),
      step: {
        type: 'string',
        enum: ['creating', 'accepting', 'promoting', 'waiting', 'overlapping', 'aborting', 'done', 'aborted'],
      },
      'error?': text('Why the step cannot go on, or did not at the last try.'),
      needsAttention: yesNo('A person has to act: continue it, or abort it.'),
      startedAt: time('When it was begun.'),
      'promotedAt?': time('When the new token became the primary one.'),
      'confirmedAt?': time('When a webhook came that was signed with the new token.'),
      'finishedAt?': time('When it was done, or aborted.'),
    },
    { description: 'The rotation of the auth token that is under way, or the last one.' },
  ),
  ConnectionEvent: object({
    connectionId: text('The connection.'),
    at: time('When it was done.'),
    actor: text('Who did it: the name of the API key; `system` for steps that nobody asked for one by one.'),
    action: {
      type: 'string',
      enum: [
        'created',
        'updated',
        'removed',
        'validated',
        'rotation-started',
        'rotation-promoted',
        'rotation-done',
        'rotation-aborted',
        'rotation-continued',
        'rotation-failed',
      ],
    },
    'reason?': text('Why.'),
    fields: listOf({ type: 'string' }, 'The fields that were given, never their values.'),
  }),
  ConnectionEventPage: object({
    events: listOf(ref('ConnectionEvent'), 'The last first.'),
    'nextCursor?': text('For the next page; absent on the last.'),
  }),
};
