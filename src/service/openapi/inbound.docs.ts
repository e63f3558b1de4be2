import { applyDecorators } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { notModified } from './message.docs';
import { describeOperation, etagHeader, problems, sharedHeaders } from './operation';
import { connection, conversation, cursor, ifNoneMatch, limit, path } from './parameters';

const tag = 'Inbound messages';
const sid = path('sid', 'Twilio’s SID of the message.');

export const ListInboundDocs = () =>
  describeOperation(
    {
      id: 'listInboundMessages',
      tag,
      summary: 'Lists what users wrote, newest first',
      status: 200,
      answer: 'A page.',
      schema: 'InboundPage',
      headers: etagHeader,
    },
    conversation,
    connection,
    cursor,
    limit,
    ifNoneMatch,
    notModified,
  );

export const GetInboundDocs = () =>
  describeOperation(
    {
      id: 'getInboundMessage',
      tag,
      summary: 'A message from a user',
      status: 200,
      answer: 'The message.',
      schema: 'InboundMessage',
      headers: etagHeader,
      problems: { 404: 'There is no inbound message with this SID.' },
    },
    sid,
    ifNoneMatch,
    notModified,
  );

export const GetMediaDocs = () =>
  applyDecorators(
    ApiTags(tag),
    ApiBearerAuth('key'),
    ApiOperation({
      operationId: 'getInboundMedia',
      summary: 'A file of a message, streamed from Twilio',
      description: 'Up to 100 MiB, with the type that Twilio serves. What a browser could run is an attachment.',
    }),
    sid,
    path('index', 'Which file, counted from 0.', { type: 'integer', minimum: 0 }),
    ApiResponse({
      status: 200,
      description: 'The file.',
      headers: {
        ...sharedHeaders,
        'Content-Disposition': {
          description: '`inline` for what a browser shows without running anything, else `attachment`.',
          schema: { type: 'string', enum: ['inline', 'attachment'] },
        },
      },
      content: { '*/*': { schema: { type: 'string', format: 'binary' } } },
    }),
    ...problems({
      401: 'There is no key, or a wrong one.',
      403: 'The key is not for this.',
      404: 'There is no such message or file, or Twilio no longer has it.',
      410: 'The address of the file was erased.',
      429: 'Too many requests with this key.',
      502: 'Twilio refuses the credentials, or serves what cannot be passed on.',
      503: 'Twilio or the database cannot be reached for the moment.',
    }),
  );
