import type { ConnectionProblemCode } from '../../whatsapp-twilio/connections/probe-connection';

/** How the module's errors are answered, by their code. What is not here is an error of this service: 500. */
export const statusOfCode: Readonly<Record<string, number>> = {
  INVALID_MESSAGE: 400,
  INVALID_PAGE: 400,
  INVALID_ADDRESS: 400,
  UNKNOWN_CONNECTION: 404,
  MESSAGE_NOT_FOUND: 404,
  CONVERSATION_NOT_FOUND: 404,
  DEAD_LETTER_NOT_FOUND: 404,
  MEDIA_NOT_FOUND: 404,
  MEDIA_GONE: 404,
  MEDIA_ERASED: 410,
  IDEMPOTENCY_CONFLICT: 409,
  OUTSIDE_WINDOW: 409,
  OPTED_OUT: 409,
  NOT_CANCELABLE: 409,
  DEAD_LETTER_ERASED: 409,
  INVALID_CONNECTION: 400,
  CONNECTION_NOT_FOUND: 404,
  ROTATION_NOT_FOUND: 404,
  CONNECTION_NOT_STORED: 409,
  CONNECTION_CONFLICT: 409,
  CONNECTION_CHANGED: 409,
  ENCRYPTION_KEYS_REQUIRED: 409,
  ROTATION_UNDER_WAY: 409,
  ROTATION_NOT_ABORTABLE: 409,
  CONNECTION_REFUSED: 422,
  TWILIO_UNREACHABLE: 503,
  MEDIA_NOT_AT_TWILIO: 502,
  MEDIA_REFUSED: 502,
  MEDIA_TOO_LARGE: 502,
  MEDIA_UNAVAILABLE: 503,
  TWILIO_AUTHENTICATION: 502,
  TWILIO_INVALID_REQUEST: 502,
  TWILIO_NOT_FOUND: 502,
  TWILIO_SERVER_ERROR: 502,
  TWILIO_UNREADABLE_ANSWER: 502,
  TWILIO_RATE_LIMITED: 503,
  TWILIO_CONNECTION: 503,
  STORAGE_UNREACHABLE: 503,
};

/** The field of a connection that has to change for what Twilio found wrong with it (`CONNECTION_REFUSED`). */
export const fieldOfRefusal: Readonly<Record<Exclude<ConnectionProblemCode, 'unreachable'>, string>> = {
  'wrong-token': 'authToken',
  'wrong-region': 'authToken',
  'account-suspended': 'accountSid',
  'account-closed': 'accountSid',
  'api-key-refused': 'apiKey',
  'api-key-without-rights': 'apiKey',
  'sender-unknown': 'fromNumber',
  'service-unknown': 'messagingServiceSid',
};

/** Fastify's own errors in words of this API. */
export const ofFastify: Readonly<Record<string, { readonly code: string; readonly detail: string }>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: { code: 'INVALID_JSON', detail: 'The body is not valid JSON.' },
  FST_ERR_CTP_EMPTY_JSON_BODY: { code: 'INVALID_JSON', detail: 'The body is empty, and has to be JSON.' },
  FST_ERR_CTP_BODY_TOO_LARGE: {
    code: 'PAYLOAD_TOO_LARGE',
    detail: 'The body is larger than this service takes (1 MiB).',
  },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    code: 'UNSUPPORTED_MEDIA_TYPE',
    detail: 'This content type is not taken here. The API takes application/json, webhooks are forms.',
  },
};
