/** The parameters of a webhook, as Twilio sends them. */
export type WebhookParameters = Record<string, string>;

/** Parameters to set in place of a builder's own; `undefined` leaves one out. */
export type WebhookOverrides = Readonly<Record<string, string | undefined>>;

/** The made-up account, numbers and ids that the builders use where nothing else is asked for. */
export const samples = {
  accountSid: `AC${'0'.repeat(31)}1`,
  /** The business's number. */
  sender: 'whatsapp:+15557654321',
  user: 'whatsapp:+15551230001',
  /** The business-scoped id of that user. */
  userId: 'whatsapp:US.13491208655302741918',
  profileName: 'Ann Example',
} as const;

let messagesMade = 0;

/** A new message SID (`SM…`, or `MM…` for media) at every call, since Twilio never gives one twice. */
export function nextMessageSid(prefix: 'SM' | 'MM' = 'SM'): string {
  messagesMade += 1;
  return prefix + messagesMade.toString(16).padStart(32, '0');
}

/** What `ChannelMetadata` repeats of the other parameters. */
const contextNames: ReadonlySet<string> = new Set([
  'ProfileName',
  'WaId',
  'Forwarded',
  'FrequentlyForwarded',
  'ButtonText',
  'ButtonPayload',
]);

/** A button tap and a quoted reply name the message they answer. */
function answerTo(sender: string): WebhookParameters {
  return { OriginalRepliedMessageSender: sender, OriginalRepliedMessageSid: `MM${'a'.repeat(32)}` };
}

/**
 * The 16 parameters that every WhatsApp webhook has, in the order of a captured one, and then those of this kind of
 * message and of the caller. A sender other than the sample gets the `WaId` that goes with it.
 */
function build(special: WebhookOverrides, overrides: WebhookOverrides): WebhookParameters {
  const sid = overrides['MessageSid'] ?? nextMessageSid();
  const from = overrides['From'] ?? special['From'] ?? samples.user;
  const parameters = withoutUndefined({
    SmsMessageSid: sid,
    NumMedia: '0',
    ProfileName: samples.profileName,
    MessageType: 'text',
    SmsSid: sid,
    WaId: /^whatsapp:\+\d+$/.test(from) ? from.slice('whatsapp:+'.length) : undefined,
    SmsStatus: 'received',
    Body: '',
    To: samples.sender,
    NumSegments: '1',
    ReferralNumMedia: '0',
    MessageSid: sid,
    AccountSid: samples.accountSid,
    ChannelMetadata: '',
    From: from,
    ApiVersion: '2010-04-01',
    ...special,
    ...overrides,
  });
  if (!('ChannelMetadata' in overrides)) parameters['ChannelMetadata'] = channelMetadata(parameters);
  return parameters;
}

function channelMetadata(parameters: WebhookParameters): string {
  const context = Object.entries(parameters).filter(([name]) => contextNames.has(name));
  return JSON.stringify({ type: 'whatsapp', data: { context: Object.fromEntries(context) } });
}

function buildMedia(type: string, contentType: string, overrides: WebhookOverrides): WebhookParameters {
  const sid = overrides['MessageSid'] ?? nextMessageSid('MM');
  const account = overrides['AccountSid'] ?? samples.accountSid;
  const media = {
    MessageType: type,
    NumMedia: '1',
    MediaContentType0: contentType,
    MediaUrl0: `https://api.twilio.com/2010-04-01/Accounts/${account}/Messages/${sid}/Media/ME${sid.slice(2)}`,
  };
  return build(media, { ...overrides, MessageSid: sid });
}

/** The parameters without those that are to be left out. */
export function withoutUndefined(parameters: WebhookOverrides): WebhookParameters {
  const present: WebhookParameters = {};
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) present[name] = value;
  }
  return present;
}

/**
 * Inbound WhatsApp webhooks in the shape of captured ones, each with a new `MessageSid`. Every parameter can be
 * overridden, or left out with `undefined`.
 *
 * @see https://www.twilio.com/docs/messaging/guides/webhook-request
 * @example
 * inbound.text({ Body: 'Hello', From: 'whatsapp:+15551230002' });
 * inbound.image({ Body: 'a caption' });
 * inbound.text({ MessageType: undefined });
 */
export const inbound = {
  text: (overrides: WebhookOverrides = {}) => build({ Body: 'Hello' }, overrides),

  image: (overrides: WebhookOverrides = {}) => buildMedia('image', 'image/jpeg', overrides),
  video: (overrides: WebhookOverrides = {}) => buildMedia('video', 'video/mp4', overrides),
  /** A voice note. */
  audio: (overrides: WebhookOverrides = {}) => buildMedia('audio', 'audio/ogg', overrides),
  document: (overrides: WebhookOverrides = {}) => buildMedia('document', 'application/pdf', overrides),
  sticker: (overrides: WebhookOverrides = {}) => buildMedia('sticker', 'image/webp', overrides),
  /** A shared contact, as a vCard. */
  contacts: (overrides: WebhookOverrides = {}) => buildMedia('contacts', 'text/vcard', overrides),

  /** A place with its name; for a bare pin leave out `Label` and `Address`. */
  location: (overrides: WebhookOverrides = {}) =>
    build(
      {
        MessageType: 'location',
        Latitude: '37.787890',
        Longitude: '-122.391664',
        Label: 'Example Café',
        Address: '375 Beale St, San Francisco, CA',
      },
      overrides,
    ),

  /** A tapped quick-reply button. */
  button: (overrides: WebhookOverrides = {}) => {
    const title = overrides['ButtonText'] ?? 'Yes, please';
    return build(
      {
        ...answerTo(overrides['To'] ?? samples.sender),
        ExternalUserId: samples.userId,
        FrequentlyForwarded: 'false',
        Forwarded: 'false',
        ButtonText: title,
        ButtonPayload: 'yes',
        MessageType: 'interactive',
        Body: title,
      },
      overrides,
    );
  },

  /** A chosen row of a list picker. */
  list: (overrides: WebhookOverrides = {}) => {
    const title = overrides['ListTitle'] ?? 'Tomorrow';
    return build(
      {
        ...answerTo(overrides['To'] ?? samples.sender),
        ListId: 'day-2',
        ListTitle: title,
        ListDescription: 'Between 9 and 12',
        MessageType: 'interactive',
        Body: title,
      },
      overrides,
    );
  },

  /** A completed WhatsApp Flow, its answers in Meta's envelope. */
  flow: (overrides: WebhookOverrides = {}) =>
    build(
      {
        ...answerTo(overrides['To'] ?? samples.sender),
        InteractiveData: JSON.stringify({
          type: 'nfm_reply',
          nfm_reply: {
            name: 'flow',
            body: 'Sent',
            response_json: JSON.stringify({ flow_token: 'token-1', guests: '2' }),
          },
        }),
        MessageType: 'interactive',
      },
      overrides,
    ),

  /** An emoji on a message; with `Body: ''` it is taken back. */
  reaction: (overrides: WebhookOverrides = {}) =>
    build({ ...answerTo(overrides['To'] ?? samples.sender), MessageType: 'reaction', Body: '👍' }, overrides),

  /** A text that quotes a message. */
  quotedReply: (overrides: WebhookOverrides = {}) =>
    build({ ...answerTo(overrides['To'] ?? samples.sender), Body: 'This one' }, overrides),

  /** A text that was passed on from another conversation. */
  forwarded: (overrides: WebhookOverrides = {}) =>
    build({ FrequentlyForwarded: 'false', Forwarded: 'true', Body: 'Look at this' }, overrides),

  /** The first message of a user who came through a click-to-WhatsApp ad. */
  fromAd: (overrides: WebhookOverrides = {}) =>
    build(
      {
        ReferralBody: 'Two nights for the price of one',
        ReferralHeadline: 'Spring offer',
        ReferralSourceId: '120200000000000001',
        ReferralSourceType: 'ad',
        ReferralSourceUrl: 'https://fb.me/example',
        ReferralMediaId: '1000000000000001',
        ReferralMediaContentType: 'image/jpeg',
        ReferralMediaUrl: 'https://example.com/ad.jpg',
        ReferralNumMedia: '1',
        ReferralCtwaClid: 'click-1',
        Body: 'Tell me about the offer',
      },
      overrides,
    ),

  /** A text from a user who hides the phone number behind a user name. */
  bsuid: (overrides: WebhookOverrides = {}) =>
    build({ From: samples.userId, ExternalUserId: samples.userId, Body: 'Hello' }, overrides),

  /** What WhatsApp cannot pass on, such as a poll. */
  unsupported: (overrides: WebhookOverrides = {}) => build({ MessageType: 'unsupported' }, overrides),

  /** A text as it came before `MessageType` and `ChannelMetadata` were added. */
  legacyText: (overrides: WebhookOverrides = {}) =>
    build({ MessageType: undefined, ChannelMetadata: undefined, Body: 'Hello' }, overrides),
} as const;
