import { applyDecorators } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiOperation, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import { eventTypes } from '../../whatsapp-twilio/events/event';
import { problems, sharedHeaders } from './operation';
import { connection } from './parameters';

const DESCRIPTION = `Server-sent events: the type of an event as \`event\`, the event as \`data\` in JSON (schema \`Event\`), its place as
\`id\`. A stream without \`Last-Event-ID\` begins now; with it, behind that event. What happened in the last seven days is
kept. \`event: events.lost\` comes first when more than that was missed. A comment every 15 seconds shows that the stream lives.`;

export const EventsDocs = () =>
  applyDecorators(
    ApiTags('Events'),
    ApiBearerAuth('key'),
    ApiOperation({ operationId: 'streamEvents', summary: 'Events as they happen', description: DESCRIPTION }),
    ApiHeader({
      name: 'Last-Event-ID',
      description: 'The `id` of the last event that was received.',
      required: false,
      schema: { type: 'string' },
    }),
    ApiQuery({
      name: 'type',
      description: 'Only events of this type.',
      required: false,
      schema: { type: 'string', enum: [...eventTypes] },
    }),
    connection,
    ApiResponse({
      status: 200,
      description: 'The stream.',
      headers: sharedHeaders,
      content: {
        'text/event-stream': {
          schema: { type: 'string' },
          example: 'id: 42\nevent: message.status\ndata: {"id":"0199c1f0-…","type":"message.status","data":{…}}\n\n',
        },
      },
    }),
    ...problems({
      400: 'Something in the request has to change: `errors` says what.',
      401: 'There is no key, or a wrong one.',
      403: 'The key is not for this.',
      429: 'Too many requests or open streams with this key.',
      503: 'The database cannot be reached for the moment.',
    }),
  );
