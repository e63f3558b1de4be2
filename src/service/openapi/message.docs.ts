import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiResponse } from '@nestjs/swagger';
import { describeOperation, etagHeader, sharedHeaders } from './operation';
import { connection, conversation, cursor, idempotencyKey, ifNoneMatch, limit, path, status } from './parameters';
import { ref } from './schema';

const tag = 'Messages';
const id = path('id', 'Our id of the message.');
export const notModified = ApiResponse({
  status: 304,
  description: 'Nothing has changed.',
  headers: { ...sharedHeaders, ...etagHeader },
});

const message = {
  id: '0199c1f0-0000-7000-8000-000000000001',
  connectionId: 'default',
  conversationId: '0199c1f0-0000-7000-8000-000000000002',
  to: { kind: 'phone', value: '+15551230001' },
  from: { kind: 'phone', value: '+15550006789' },
  content: { text: 'Your table is ready.' },
  status: 'queued',
  priority: 'conversation',
  metadata: { order: '4711' },
  createdAt: '2026-01-31T09:00:00.000Z',
  updatedAt: '2026-01-31T09:00:00.000Z',
};

export const SendMessageDocs = () =>
  describeOperation(
    {
      id: 'sendMessage',
      tag,
      summary: 'Sends a message',
      description: 'Answered once the message is stored; it is sent after that, within the rate limit and in order.',
      status: 202,
      answer: 'Stored. What becomes of it is told by `GET`, by events, and by `waiting` while it waits.',
      schema: 'OutboundMessage',
      example: message,
      headers: { Location: { description: 'Where the message is.', schema: { type: 'string' } } },
      problems: {
        409: 'The key belongs to another message (`IDEMPOTENCY_CONFLICT`), the user has opted out (`OPTED_OUT`), or the 24-hour window is closed and `outsideWindow` is `reject` (`OUTSIDE_WINDOW`).',
        413: 'The body is larger than 1 MiB.',
        415: 'The body is not JSON.',
      },
    },
    applyDecorators(
      idempotencyKey,
      ApiBody({
        required: true,
        schema: ref('SendMessage') as never,
        examples: {
          text: { value: { to: '+15551230001', text: 'Your table is ready.', metadata: { order: '4711' } } },
          media: { value: { to: '+15551230001', media: 'https://example.com/menu.pdf', text: 'Our menu' } },
          template: {
            value: {
              to: '+15551230001',
              template: { contentSid: 'HX00000000000000000000000000000001', variables: { '1': 'Ana' } },
            },
          },
          location: {
            value: {
              to: '+15551230001',
              location: { latitude: 37.7955, longitude: -122.3937, label: 'Ferry Building' },
            },
          },
        },
      }),
    ),
  );

export const ListMessagesDocs = () =>
  describeOperation(
    {
      id: 'listMessages',
      tag,
      summary: 'Lists messages, newest first',
      status: 200,
      answer: 'A page.',
      schema: 'OutboundPage',
      headers: etagHeader,
    },
    status,
    conversation,
    connection,
    cursor,
    limit,
    ifNoneMatch,
    notModified,
  );

export const GetMessageDocs = () =>
  describeOperation(
    {
      id: 'getMessage',
      tag,
      summary: 'A message and its history',
      status: 200,
      answer: 'The message.',
      schema: 'OutboundMessageWithHistory',
      headers: etagHeader,
      problems: { 404: 'There is no message with this id.' },
    },
    id,
    ifNoneMatch,
    notModified,
  );

export const CancelMessageDocs = () =>
  describeOperation(
    {
      id: 'cancelMessage',
      tag,
      summary: 'Takes back a message that has not been sent',
      status: 200,
      answer: 'The message, canceled.',
      schema: 'OutboundMessage',
      problems: { 404: 'There is no message with this id.', 409: 'It has left, or is about to.' },
    },
    id,
  );
