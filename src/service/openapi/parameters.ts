import { ApiHeader, ApiParam, ApiQuery } from '@nestjs/swagger';
import { outboundStatuses } from '../../whatsapp-twilio/messages/message-status';

const query = (name: string, description: string, schema: object): MethodDecorator =>
  ApiQuery({ name, description, required: false, schema: schema as never });

export const limit = query('limit', 'Entries on the page.', { type: 'integer', minimum: 1, maximum: 200, default: 50 });
export const cursor = query('cursor', 'The `nextCursor` of the page before.', { type: 'string', maxLength: 200 });
export const connection = query('connection', 'The id of a connection; the configured one, or all in lists.', {
  type: 'string',
  maxLength: 64,
});
export const conversation = query('conversation', 'The id of a conversation, or the address of a user.', {
  type: 'string',
  maxLength: 200,
});
export const status = query('status', 'Only messages that have this status.', {
  type: 'string',
  enum: [...outboundStatuses],
});

export const path = (name: string, description: string, schema: object = { type: 'string' }): MethodDecorator =>
  ApiParam({ name, description, schema });

export const ifNoneMatch = ApiHeader({
  name: 'If-None-Match',
  description: 'The `ETag` of an earlier answer: 304 if nothing has changed.',
  required: false,
  schema: { type: 'string' },
});
export const idempotencyKey = ApiHeader({
  name: 'Idempotency-Key',
  description: 'Makes a repeat return the first answer.',
  required: false,
  schema: { type: 'string', pattern: '^[ -~]{1,255}$' },
});
