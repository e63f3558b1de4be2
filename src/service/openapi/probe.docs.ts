import { applyDecorators } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { requestIdHeader } from './operation';
import { ref } from './schema';

const json = (schema: string) => ({ 'application/json': { schema: ref(schema) as never } });

export const AliveDocs = (operationId: string, summary: string) =>
  applyDecorators(
    ApiTags('Operations'),
    ApiOperation({ operationId, summary, security: [] }),
    ApiResponse({ status: 200, description: 'It does.', headers: requestIdHeader, content: json('Alive') }),
  );

export const ReadyDocs = () =>
  applyDecorators(
    ApiTags('Operations'),
    ApiOperation({ operationId: 'isReady', summary: 'Whether requests should be sent here', security: [] }),
    ApiResponse({ status: 200, description: 'They should.', headers: requestIdHeader, content: json('Readiness') }),
    ApiResponse({
      status: 503,
      headers: requestIdHeader,
      description: 'They should not: `details` says why.',
      content: json('Readiness'),
    }),
  );
