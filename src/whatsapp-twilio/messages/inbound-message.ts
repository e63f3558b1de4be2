import type { Address } from './address';

/** A file that came with a message. `url` needs Twilio's credentials; `contentType` is as Twilio reports it. */
export interface InboundMedia {
  readonly url: string;
  readonly contentType: string;
}

/** The advertisement or post that led the user to write (a click-to-WhatsApp ad). */
export interface Referral {
  readonly sourceId?: string;
  readonly sourceType?: string;
  readonly sourceUrl?: string;
  readonly headline?: string;
  readonly body?: string;
  readonly clickId?: string;
  readonly media: readonly InboundMedia[];
}

/** The message that this one answers by quoting it or by tapping its button. */
export interface ReplyTo {
  readonly sid: string;
  readonly sender?: Address;
}

interface InboundMessageBase {
  /** Twilio's message SID (`SM…` or `MM…`). */
  readonly sid: string;
  /** The connection that received it; `default` is the one from the configuration. */
  readonly connectionId: string;
  readonly from: Address;
  readonly to: Address;
  /** The user's business-scoped id (ExternalUserId), where Twilio sends one. */
  readonly userId?: string;
  /** WhatsApp's digits of the user's number. They can differ from `from` (Brazil, Mexico, Argentina). */
  readonly waId?: string;
  /** The display name the user chose. Any Unicode. */
  readonly profileName?: string;
  readonly replyTo?: ReplyTo;
  readonly forwarded: boolean;
  readonly frequentlyForwarded: boolean;
  readonly referral?: Referral;
  /** When this process took the webhook in. */
  readonly receivedAt: Date;
  /** Every parameter of the webhook as it came, also those that are not known yet. */
  readonly raw: Readonly<Record<string, string>>;
}

interface MediaFields {
  readonly media: readonly InboundMedia[];
  /** The caption, where there is one. */
  readonly text?: string;
}

/** What each kind has beyond the fields common to all. */
export interface InboundMessageFields {
  text: { readonly text: string };
  image: MediaFields;
  video: MediaFields;
  audio: MediaFields;
  document: MediaFields;
  sticker: MediaFields;
  location: {
    readonly latitude: number;
    readonly longitude: number;
    /** The place's name. */
    readonly label?: string;
    readonly address?: string;
  };
  /** One or more vCards, as media of type `text/vcard`. */
  contacts: { readonly media: readonly InboundMedia[] };
  button: {
    /** The title that the user tapped. */
    readonly text: string;
    /** The developer's id of the button. */
    readonly payload?: string;
  };
  list: {
    /** The developer's id of the row. */
    readonly id: string;
    readonly title: string;
    readonly description?: string;
  };
  /** The answers of a completed WhatsApp Flow: parsed where they are JSON, and as they came. */
  flow: { readonly data: unknown; readonly json: string };
  /** An emoji put on a message; an empty one takes the reaction back. */
  reaction: { readonly emoji: string };
  /** Anything that fits no kind above. `messageType` is Twilio's, when it sent one; the rest is in `raw`. */
  unsupported: { readonly messageType?: string; readonly text?: string; readonly media: readonly InboundMedia[] };
}

export type InboundMessageKind = keyof InboundMessageFields;

/** Every kind, in the order of the contract. */
export const inboundMessageKinds = [
  'text',
  'image',
  'video',
  'audio',
  'document',
  'sticker',
  'location',
  'contacts',
  'button',
  'list',
  'flow',
  'reaction',
  'unsupported',
] as const satisfies readonly InboundMessageKind[];

/** A kind together with its own fields: a message without what is common to all. */
export type InboundContent<Kind extends InboundMessageKind = InboundMessageKind> = {
  [K in Kind]: { readonly kind: K } & InboundMessageFields[K];
}[Kind];

/**
 * A message from a WhatsApp user, told apart by `kind`. A field exists only on the kinds that have it.
 *
 * @example
 * function describe(message: WhatsappMessage): string {
 *   return message.kind === 'location' ? `${message.latitude}, ${message.longitude}` : message.kind;
 * }
 */
export type WhatsappMessage<Kind extends InboundMessageKind = InboundMessageKind> = {
  [K in Kind]: InboundMessageBase & InboundContent<K>;
}[Kind];
