import type { OpenAPIObject } from '@nestjs/swagger';
import { requestIdHeader } from './operation';
import { ref } from './schema';

type PathItem = OpenAPIObject['paths'][string];

const connectionId = {
  name: 'connectionId',
  in: 'path',
  required: true,
  description: 'The connection that the webhook is for.',
  schema: { type: 'string' },
} as const;

const form = {
  required: true,
  content: {
    'application/x-www-form-urlencoded': {
      schema: { type: 'object', additionalProperties: { type: 'string' } },
    },
  },
} as const;

const refused = {
  '400': {
    headers: requestIdHeader,
    description: 'Bad Request: a body of JSON that cannot be read. Twilio posts forms.',
    content: { 'application/problem+json': { schema: ref('Problem') } },
  },
  '403': {
    headers: requestIdHeader,
    description: 'Forbidden: Twilio did not sign this, or not for a connection of this service.',
    content: { 'application/problem+json': { schema: ref('Problem') } },
  },
  '503': {
    headers: { ...requestIdHeader, 'Retry-After': { $ref: '#/components/headers/RetryAfter' } },
    description: 'Service Unavailable: it could not be stored, and was not acknowledged.',
    content: { 'application/problem+json': { schema: ref('Problem') } },
  },
};

function webhook(id: string, status: boolean, named: boolean): PathItem {
  return {
    post: {
      operationId: id,
      tags: ['Webhooks'],
      summary: `${status ? 'Status callbacks' : 'Messages of users'}${named ? ' of one connection' : ''}`,
      description: 'For Twilio, which signs it: stored before it is acknowledged.',
      security: [],
      ...(named && { parameters: [connectionId] }),
      requestBody: form,
      responses: {
        ...(status
          ? { '204': { description: 'Stored.', headers: requestIdHeader } }
          : {
              '200': {
                description: 'Stored, now or before.',
                headers: requestIdHeader,
                content: { 'text/xml': { schema: { type: 'string' }, example: '<Response/>' } },
              },
            }),
        ...refused,
      },
    },
  };
}

const base = '/webhooks/whatsapp/twilio';

/** The routes for Twilio, which the module mounts without any description. */
export const webhookPaths: Readonly<Record<string, PathItem>> = {
  [base]: webhook('receiveMessage', false, false),
  [`${base}/status`]: webhook('receiveStatus', true, false),
  [`${base}/{connectionId}`]: webhook('receiveMessageOfConnection', false, true),
  [`${base}/{connectionId}/status`]: webhook('receiveStatusOfConnection', true, true),
};

/** What this service posts to FORWARD_URL. */
export const eventWebhook = {
  post: {
    operationId: 'event',
    tags: ['Events'],
    summary: 'An event, posted to FORWARD_URL',
    description:
      'Signed after Standard Webhooks (`webhook-id`, `webhook-timestamp`, `webhook-signature`), at least once, in order within a conversation. Anything but 2xx is tried again with growing delays for a day.',
    security: [],
    parameters: ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => ({
      name,
      in: 'header',
      required: true,
      schema: { type: 'string' },
    })),
    requestBody: { required: true, content: { 'application/json': { schema: ref('Event') } } },
    responses: {
      '204': { description: 'Taken.' },
      '410': { description: 'Not wanted: it is given up at once, and becomes a dead letter.' },
    },
  },
} as unknown as PathItem;
