import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { connectionSchemas } from './connection.schemas';
import { headers } from './headers';
import { inboundSchemas } from './inbound.schemas';
import { messageSchemas } from './message.schemas';
import { otherSchemas } from './other.schemas';
import { eventWebhook, webhookPaths } from './webhook.paths';

const DESCRIPTION = `WhatsApp messages through Twilio, stored before they are acknowledged and before they are sent.

Errors are \`application/problem+json\` (RFC 9457): branch on \`code\`, show \`detail\` to a person. Times are ISO 8601 in
UTC. Lists are pages: go on with \`nextCursor\` until there is none. An answer to \`GET\` has an \`ETag\`; ask with
\`If-None-Match\` to be told whether anything has changed. Fields may be added at any time.`;

/** The API as OpenAPI 3.1, read from the controllers of this app. */
export function createApiDocument(app: INestApplication): OpenAPIObject {
  const info = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('WhatsApp through Twilio')
    .setDescription(DESCRIPTION)
    .setVersion('1')
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addServer('/', 'This service')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'The secret of one of API_KEYS.' }, 'key')
    .addTag('Messages', 'Messages to users.')
    .addTag('Inbound messages', 'What users wrote, and their files.')
    .addTag('Conversations', 'Who talks with whom, and whether they may be written to.')
    .addTag('Events', 'What happens, as it happens.')
    .addTag('Dead letters', 'What was given up, to be tried again.')
    .addTag('Connections', 'The Twilio accounts that customers bring. Secrets go in and never come out.')
    .addTag('Operations', 'For those who run the service.')
    .addTag('Webhooks', 'For Twilio.')
    .build();
  const document = SwaggerModule.createDocument(app, info, { autoTagControllers: false });
  const paths = Object.entries(document.paths).filter(([path]) => !path.startsWith('/webhooks/'));
  return {
    ...document,
    paths: { ...Object.fromEntries(paths), ...webhookPaths },
    webhooks: { event: eventWebhook },
    components: {
      ...document.components,
      headers,
      schemas: { ...messageSchemas, ...inboundSchemas, ...connectionSchemas, ...otherSchemas },
    },
  };
}
