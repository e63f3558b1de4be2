import { Controller, Get, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { requestIdHeader } from '../openapi/operation';
import { Metrics } from './metrics.service';

/** For Prometheus. It says how much of everything there is, never of whom. */
@Controller()
export class MetricsController {
  constructor(private readonly metrics: Metrics) {}

  @Get('metrics')
  @ApiTags('Operations')
  @ApiOperation({ operationId: 'metrics', summary: 'Metrics for Prometheus', security: [] })
  @ApiResponse({
    status: 200,
    description: 'In Prometheus’ text format.',
    headers: requestIdHeader,
    content: { 'text/plain': { schema: { type: 'string' } } },
  })
  async read(@Res() reply: FastifyReply): Promise<void> {
    const { registry } = this.metrics;
    void reply.type(registry.contentType);
    await reply.send(await registry.metrics());
  }
}
