import { check, compile, oneOf, path, rfc2822, sid, text } from './schema';

export const accountResource = {
  type: 'object',
  properties: {
    sid: sid('AC'),
    owner_account_sid: sid('AC'),
    auth_token: text,
    friendly_name: text,
    status: oneOf('active', 'suspended', 'closed'),
    type: oneOf('Trial', 'Full'),
    date_created: rfc2822,
    date_updated: rfc2822,
    subresource_uris: { type: 'object', additionalProperties: path('/') },
    uri: path('\\.json$'),
  },
  required: ['sid', 'owner_account_sid', 'friendly_name', 'status', 'type', 'date_created', 'date_updated', 'uri'],
  additionalProperties: false,
};

const validate = compile(accountResource);

/** Throws unless the JSON is an account as Twilio describes it. */
export function assertAccountResource(json: unknown): void {
  check('Account resource', validate, json);
}
