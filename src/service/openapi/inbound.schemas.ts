import { listOf, object, ref, type Schema, text, time, uuid, yesNo } from './schema';

const common = {
  id: uuid('Ours, a UUIDv7.'),
  conversationId: uuid('The conversation it belongs to.'),
  handling: { type: 'string', enum: ['pending', 'done', 'dead'], description: 'How far handlers are with it.' },
  'erasedAt?': time('When what was written was erased.'),
  sid: text('Twilio’s message SID.', { examples: ['SM00000000000000000000000000000001'] }),
  connectionId: text('The connection that received it.'),
  from: ref('Address'),
  to: ref('Address'),
  'userId?': text('The user’s business-scoped id.'),
  'waId?': text('WhatsApp’s digits of the user’s number.'),
  'profileName?': text('The name the user chose.'),
  'replyTo?': object({ sid: text('The message it answers.'), 'sender?': ref('Address') }),
  forwarded: yesNo('Whether it was forwarded to the user.'),
  frequentlyForwarded: yesNo('Whether it has been forwarded many times.'),
  'referral?': object({
    'sourceId?': text('The advertisement or post.'),
    'sourceType?': text('Its kind.'),
    'sourceUrl?': text('Its address.'),
    'headline?': text('Its headline.'),
    'body?': text('Its text.'),
    'clickId?': text('The click.'),
    media: listOf(ref('InboundMedia')),
  }),
  receivedAt: time('When the webhook was taken in.'),
  raw: {
    type: 'object',
    additionalProperties: { type: 'string' },
    description: 'Every parameter of the webhook as it came.',
  },
} satisfies Record<string, Schema>;

const media = { media: listOf(ref('InboundMedia')), 'text?': text('The caption.') };

const fields = {
  text: { text: text('What was written.') },
  image: media,
  video: media,
  audio: media,
  document: media,
  sticker: media,
  location: {
    latitude: { type: 'number' },
    longitude: { type: 'number' },
    'label?': text('The name of the place.'),
    'address?': text('Its address.'),
  },
  contacts: { media: listOf(ref('InboundMedia'), 'vCards.') },
  button: { text: text('The title that was tapped.'), 'payload?': text('The id of the button.') },
  list: { id: text('The id of the row.'), title: text('Its title.'), 'description?': text('Its description.') },
  flow: { 'data?': { description: 'The answers, parsed.' }, json: text('The answers as they came.') },
  reaction: { emoji: text('Empty when the reaction is taken back.') },
  unsupported: {
    'messageType?': text('Twilio’s type.'),
    'text?': text('The text, if any.'),
    media: listOf(ref('InboundMedia')),
  },
} satisfies Record<string, Record<string, Schema>>;

const nameOf = (kind: string): string => `Inbound${kind[0]!.toUpperCase()}${kind.slice(1)}`;

const kinds = Object.keys(fields);

export const inboundSchemas: Readonly<Record<string, Schema>> = {
  InboundMedia: object({
    url: text('At Twilio; `GET …/media/{index}` streams it.'),
    contentType: text('As Twilio reports it.', { examples: ['image/jpeg'] }),
  }),
  ...Object.fromEntries(
    Object.entries<Record<string, Schema>>(fields).map(([kind, own]) => [
      nameOf(kind),
      object({ ...common, kind: { type: 'string', const: kind }, ...own }),
    ]),
  ),
  InboundMessage: {
    description: 'A message from a user, told apart by `kind`. A field exists only on the kinds that have it.',
    oneOf: kinds.map((kind) => ref(nameOf(kind))),
    discriminator: {
      propertyName: 'kind',
      mapping: Object.fromEntries(kinds.map((kind) => [kind, `#/components/schemas/${nameOf(kind)}`])),
    },
  },
  InboundPage: object({
    messages: listOf(ref('InboundMessage'), 'Newest first.'),
    'nextCursor?': text('For the next page; absent on the last.'),
  }),
};
