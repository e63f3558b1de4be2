import type { InjectionToken, OptionalFactoryDependency, Type } from '@nestjs/common';
import type { TwilioApiKey } from '../whatsapp-twilio.options';

/** A connection as a host describes it. */
export interface ProvidedConnection {
  /** 1 to 64 letters, digits, `_` or `-`; it becomes part of the webhook's path. */
  readonly id: string;
  readonly label?: string;
  readonly accountSid: string;
  /** The first signs webhooks and authenticates calls; the others are accepted as well. */
  readonly authToken: string | readonly string[];
  readonly apiKey?: TwilioApiKey;
  readonly fromNumber?: string;
  readonly messagingServiceSid?: string;
  readonly limits?: { readonly rpm?: number };
  /** Default `active`. */
  readonly state?: 'active' | 'disabled';
}

/** What a webhook says about whom it is for. */
export interface Addressee {
  /** Our phone number, such as `+15551234567`. */
  readonly sender?: string;
  readonly messagingServiceSid?: string;
}

/**
 * Gives the connections that the host keeps itself. Both methods are asked for one connection at a time and their answers
 * kept for some seconds; an answer of `undefined` means that there is none. While one throws, or takes longer than three
 * seconds, webhooks are answered with 503 and messages wait.
 */
export interface ConnectionProvider {
  findById(id: string): ProvidedConnection | undefined | Promise<ProvidedConnection | undefined>;
  /** The one connection of this Twilio account that the webhook is for. */
  findByAccount(
    accountSid: string,
    addressee: Addressee,
  ): ProvidedConnection | undefined | Promise<ProvidedConnection | undefined>;
}

/** How a host gives its provider: a class that Nest makes, an instance, or a factory. */
export type ConnectionProviderSource =
  | Type<ConnectionProvider>
  | ConnectionProvider
  | {
      readonly inject?: readonly (InjectionToken | OptionalFactoryDependency)[];
      readonly useFactory: (...dependencies: never[]) => ConnectionProvider | Promise<ConnectionProvider>;
    };
