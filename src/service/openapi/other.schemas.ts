import { listOf, object, ref, type Schema, text, time, uuid, yesNo } from './schema';

const conversation = {
  id: uuid('Ours, a UUIDv7.'),
  connectionId: text('The connection it belongs to.'),
  user: ref('Address'),
  'userId?': text('The user’s business-scoped id.'),
  'sender?': ref('Address'),
  'lastInboundAt?': time('When the user wrote last.'),
  window: object({
    open: yesNo('Whether anything may be sent; else only templates.'),
    'expiresAt?': time('24 hours after the user wrote last.'),
  }),
  'optOut?': object({
    since: time('Since when the user wants nothing.'),
    source: { type: 'string', enum: ['keyword', 'twilio', 'refusal', 'api'] },
  }),
} satisfies Record<string, Schema>;

const letter = {
  id: text('Names it for the replay.'),
  connectionId: text('The connection.'),
  conversationId: uuid('The conversation.'),
  'messageSid?': text('Twilio’s SID of the message.'),
  handlersDone: listOf({ type: 'string' }, 'The handlers that succeeded.'),
  'failure?': text('Why the last try failed.'),
  attempts: { type: 'integer', description: 'How often it was tried.' },
  receivedAt: time('When we learnt of it.'),
  deadAt: time('When it was given up.'),
} satisfies Record<string, Schema>;

const event = {
  id: uuid('The same however often it is given out.'),
  connectionId: text('The connection.'),
  conversationId: uuid('The conversation.'),
  at: time('When we learnt of it.'),
} satisfies Record<string, Schema>;

export const otherSchemas: Readonly<Record<string, Schema>> = {
  Conversation: object(conversation),
  ConversationMessage: {
    oneOf: [
      object({
        direction: { type: 'string', const: 'inbound' },
        at: time('When it came.'),
        message: ref('InboundMessage'),
      }),
      object({
        direction: { type: 'string', const: 'outbound' },
        at: time('When it was stored.'),
        message: ref('OutboundMessage'),
      }),
    ],
  },
  ConversationWithMessages: object({
    ...conversation,
    messages: listOf(ref('ConversationMessage'), 'The last 20, newest first.'),
  }),
  DeadLetter: {
    description: 'What could not be handled or forwarded until its tries ran out, told apart by `kind`.',
    oneOf: [
      object({ ...letter, kind: { type: 'string', const: 'message' } }, { title: 'A user’s message' }),
      object(
        {
          ...letter,
          kind: { type: 'string', const: 'status' },
          messageId: uuid('The outbound message.'),
          status: ref('OutboundStatus'),
        },
        { title: 'A status change' },
      ),
      object(
        {
          ...letter,
          kind: { type: 'string', const: 'event' },
          subscriber: text('The endpoint that would not take it.'),
          eventId: uuid('The event.'),
          eventType: { type: 'string', enum: ['message.received', 'message.status'] },
        },
        { title: 'An event' },
      ),
    ],
  },
  DeadLetterPage: object({
    deadLetters: listOf(ref('DeadLetter'), 'Those given up last first.'),
    'nextCursor?': text('For the next page; absent on the last.'),
  }),
  StatusUpdate: object({
    messageId: uuid('Our id of the message.'),
    'sid?': text('Twilio’s.'),
    connectionId: text('The connection.'),
    conversationId: uuid('The conversation.'),
    to: ref('Address'),
    status: ref('OutboundStatus'),
    'previousStatus?': ref('OutboundStatus'),
    'error?': ref('MessageError'),
    metadata: { type: 'object', additionalProperties: { type: 'string' } },
    at: time('When we learnt of it.'),
  }),
  Event: {
    description: 'Something that happened, told apart by `type`.',
    oneOf: [
      object({ ...event, type: { type: 'string', const: 'message.received' }, data: ref('InboundMessage') }),
      object({ ...event, type: { type: 'string', const: 'message.status' }, data: ref('StatusUpdate') }),
    ],
  },
  Problem: object(
    {
      type: { type: 'string', const: 'about:blank' },
      title: text('The HTTP status in words.'),
      status: { type: 'integer' },
      code: text('A stable name to branch on.', { examples: ['INVALID_MESSAGE'] }),
      detail: text('What to do.'),
      'errors?': listOf(
        object({
          field: text('Which field.'),
          code: text('Why.'),
          message: text('What to change.'),
        }),
      ),
      'twilioCode?': { type: 'integer', description: 'Twilio’s error code, where Twilio said no.' },
      requestId: text('Names this request in the log.'),
    },
    { description: 'An error as RFC 9457 describes it.' },
  ),
  Alive: object({ status: { type: 'string', const: 'ok' } }),
  Readiness: object({
    status: { type: 'string', enum: ['ok', 'error', 'shutting_down'] },
    'info?': { type: 'object' },
    'error?': { type: 'object' },
    details: { type: 'object', description: 'What is up, degraded or down, and why.' },
  }),
};
