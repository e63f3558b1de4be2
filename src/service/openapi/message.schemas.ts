import { outboundStatuses } from '../../whatsapp-twilio/messages/message-status';
import { listOf, object, ref, type Schema, text, time, uuid } from './schema';

const addressText = text('A phone number in E.164 or a business-scoped user id, with or without `whatsapp:`.', {
  examples: ['+15551230001', 'US.13491208655302741918'],
});

const contents = {
  text: text('Up to 1600 characters, with WhatsApp’s formatting.', { minLength: 1 }),
  media: {
    description: 'One URL that Twilio can fetch, or a list of them.',
    anyOf: [{ type: 'string', format: 'uri' }, listOf({ type: 'string', format: 'uri' }, undefined, { minItems: 1 })],
  },
  template: object({
    contentSid: text('The content template, `HX…`.', { pattern: '^HX[0-9a-fA-F]{32}$' }),
    'variables?': { type: 'object', additionalProperties: { type: 'string' }, description: 'Its variables.' },
  }),
  location: object({
    latitude: { type: 'number', minimum: -90, maximum: 90 },
    longitude: { type: 'number', minimum: -180, maximum: 180 },
    'label?': text('The name of the place.'),
  }),
} satisfies Record<string, Schema>;

const metadata = (description: string): Schema => ({
  type: 'object',
  additionalProperties: { type: 'string', maxLength: 500 },
  maxProperties: 50,
  description,
});

const outboundMessage = {
  id: uuid('Ours, a UUIDv7.'),
  'sid?': text('Twilio’s, once it took the message.', { examples: ['SM00000000000000000000000000000001'] }),
  connectionId: text('The connection that sends it.'),
  conversationId: uuid('The conversation it belongs to.'),
  to: ref('Address'),
  'from?': ref('Address'),
  'content?': ref('OutboundContent'),
  status: ref('OutboundStatus'),
  'error?': ref('MessageError'),
  priority: { type: 'string', enum: ['conversation', 'bulk'] },
  'idempotencyKey?': text('As it was given.'),
  metadata: metadata('As it was given.'),
  'sendAt?': time('Not sent before this.'),
  'expiresAt?': time('Given up if not sent by then.'),
  'waiting?': ref('Waiting'),
  createdAt: time('When it was stored.'),
  updatedAt: time('When anything was last learnt of it.'),
} satisfies Record<string, Schema>;

export const messageSchemas: Readonly<Record<string, Schema>> = {
  Address: object(
    {
      kind: { type: 'string', enum: ['phone', 'bsuid'] },
      value: text('Without `whatsapp:`.', { examples: ['+15551230001'] }),
    },
    { description: 'A phone number, or the business-scoped id of a user who hides theirs.' },
  ),
  OutboundStatus: {
    type: 'string',
    enum: [...outboundStatuses],
    description: 'It only moves forward by rank, whatever order reports come in.',
  },
  OutboundContent: {
    description: 'What is sent; absent from messages whose content was erased.',
    anyOf: [
      object({ text: contents.text }, { title: 'Text' }),
      object({ media: contents.media, 'text?': contents.text }, { title: 'Media' }),
      object({ template: contents.template }, { title: 'Template' }),
      object({ location: contents.location }, { title: 'Location' }),
    ],
  },
  MessageError: object({
    code: {
      description: 'Twilio’s error code, or a text of ours such as `EXPIRED`.',
      anyOf: [{ type: 'integer' }, { type: 'string' }],
      examples: [63016],
    },
    title: text('What went wrong.'),
    retryable: { type: 'boolean', description: 'The same message can succeed later.' },
    action: { type: 'string', enum: ['retry', 'fix-request', 'fix-account', 'recipient', 'none'] },
    help: text('What to do.'),
  }),
  Waiting: object({
    reason: { type: 'string', enum: ['rate-limit', 'order', 'window', 'retry', 'schedule', 'reconcile'] },
    'until?': time('The earliest time at which it goes on, where that is known.'),
  }),
  MessageEvent: object({
    status: ref('OutboundStatus'),
    source: { type: 'string', enum: ['local', 'api', 'callback'], description: 'Who said so.' },
    'error?': ref('MessageError'),
    at: time('When we learnt of it.'),
  }),
  OutboundMessage: object(outboundMessage, { description: 'A message on its way to a WhatsApp user.' }),
  OutboundMessageWithHistory: object({
    ...outboundMessage,
    history: listOf(ref('MessageEvent'), 'Everything that was learnt of it, in that order.'),
  }),
  OutboundPage: object({
    messages: listOf(ref('OutboundMessage'), 'Newest first.'),
    'nextCursor?': text('For the next page; absent on the last.'),
  }),
  SendMessage: object(
    {
      to: addressText,
      'text?': contents.text,
      'media?': contents.media,
      'template?': contents.template,
      'location?': contents.location,
      'from?': addressText,
      'connectionId?': text('The connection that sends; the configured one if left out.'),
      'idempotencyKey?': text('As the header `Idempotency-Key`.', { pattern: '^[ -~]{1,255}$' }),
      // No `default` in a body: generators then make a client that has to give it.
      'priority?': { type: 'string', enum: ['conversation', 'bulk'], description: '`conversation`, unless given.' },
      'sendAt?': time('Not before this.'),
      'expiresInSeconds?': { type: 'integer', minimum: 1, maximum: 36_000 },
      'outsideWindow?': { type: 'string', enum: ['send', 'hold', 'reject'], description: '`send`, unless given.' },
      'metadata?': metadata('Kept with the message and never sent.'),
    },
    {
      additionalProperties: false,
      description: 'To whom, and exactly one of text, media (with a caption as text), template and location.',
    },
  ),
};
