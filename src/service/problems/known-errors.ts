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

/** What the HTTP server refuses by itself, in words of this API; by Fastify's code or Node's. */
export const ofServer: Readonly<
  Record<string, { readonly status: number; readonly code: string; readonly detail: string }>
> = {
  FST_ERR_CTP_INVALID_JSON_BODY: { status: 400, code: 'INVALID_JSON', detail: 'The body is not valid JSON.' },
  FST_ERR_CTP_EMPTY_JSON_BODY: {
    status: 400,
    code: 'INVALID_JSON',
    detail: 'The body is empty, while Content-Type says that it is JSON. Send JSON, or leave out Content-Type.',
  },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    status: 400,
    code: 'BAD_REQUEST',
    detail: 'The body is not as long as Content-Length says.',
  },
  FST_ERR_CTP_BODY_TOO_LARGE: {
    status: 413,
    code: 'PAYLOAD_TOO_LARGE',
    detail: 'The body is larger than this service takes (1 MiB).',
  },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    status: 415,
    code: 'UNSUPPORTED_MEDIA_TYPE',
    detail: 'This content type is not taken here. The API takes application/json, webhooks are forms.',
  },
  FST_ERR_BAD_URL: {
    status: 400,
    code: 'INVALID_URL',
    detail: 'The address cannot be read: percent-encode it as UTF-8, such as %2B for a plus.',
  },
  FST_ERR_MAX_PARAM_LENGTH: {
    status: 414,
    code: 'URI_TOO_LONG',
    detail: 'A part of the address is longer than any id or address here.',
  },
  HPE_HEADER_OVERFLOW: {
    status: 431,
    code: 'REQUEST_HEADER_FIELDS_TOO_LARGE',
    detail: 'The address and headers together are larger than this service takes (16 KiB).',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    code: 'REQUEST_TIMEOUT',
    detail: 'The request did not arrive whole in time (30 s).',
  },
};
