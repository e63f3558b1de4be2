export type ApiKeyKind = 'main' | 'standard' | 'restricted';

export interface ApiKey {
  readonly sid: string;
  readonly secret: string;
}

/**
 * An API key as its account keeps it. A `main` key may do what the token may; a `standard` key everything but accounts
 * and keys; a `restricted` key only what `allow` lists, for example `/twilio/messaging/messages/create`.
 *
 * @see https://www.twilio.com/docs/iam/api-keys
 */
export interface StoredApiKey extends ApiKey {
  readonly kind: ApiKeyKind;
  readonly createdAt: number;
  friendlyName: string;
  allow: readonly string[];
  updatedAt: number;
}
