import { applyDecorators, Controller, UseGuards } from '@nestjs/common';
import { ApiKeyGuard } from '../auth/api-key.guard';
import { ApiThrottlerGuard } from '../auth/api-throttler.guard';
import { JsonBodyGuard } from './json-body.guard';

/** A controller of the REST API, below `/v1`: only for those who have a key, and as often as it allows. */
export const RestController = (path: string) =>
  applyDecorators(Controller(`v1/${path}`), UseGuards(ApiKeyGuard, ApiThrottlerGuard, JsonBodyGuard));
