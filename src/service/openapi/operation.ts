import { applyDecorators } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { STATUS_CODES } from 'node:http';
import type { headers } from './headers';
import { ref, type Schema } from './schema';

type Header = { readonly $ref: string } | { readonly description: string; readonly schema: Schema };

export interface Operation {
  readonly id: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  /** The status of success. */
  readonly status: number;
  readonly answer: string;
  /** The schema of the JSON that is answered; none for an empty answer. */
  readonly schema?: string;
  readonly example?: unknown;
  readonly headers?: Readonly<Record<string, Header>>;
  /** Problems beside those that every route of the API has: status and what it means here. */
  readonly problems?: Readonly<Record<number, string>>;
}

const everywhere: Readonly<Record<number, string>> = {
  400: 'Something in the request has to change: `errors` says what.',
  401: 'There is no key, or a wrong one.',
  403: 'The key is not for this.',
  429: 'Too many requests with this key, or too many wrong keys from this address.',
  503: 'The database cannot be reached for the moment.',
};

const header = (name: keyof typeof headers) => ({ $ref: `#/components/headers/${name}` });

/** What each answer of the API has. */
export const sharedHeaders = {
  'X-Request-Id': header('RequestId'),
  'X-RateLimit-Limit': header('RateLimitLimit'),
  'X-RateLimit-Remaining': header('RateLimitRemaining'),
  'X-RateLimit-Reset': header('RateLimitReset'),
};
export const requestIdHeader = { 'X-Request-Id': header('RequestId') };
export const etagHeader = { ETag: header('ETag') };

const headersOfProblem: Readonly<Record<number, Record<string, { $ref: string }>>> = {
  401: { ...requestIdHeader, 'WWW-Authenticate': header('WwwAuthenticate') },
  429: { ...sharedHeaders, 'Retry-After': header('RetryAfter') },
  503: { ...sharedHeaders, 'Retry-After': header('RetryAfter') },
};

/** Describes a route of the API. What it answers is written by hand, and tests hold it against what is answered. */
export function describeOperation(operation: Operation, ...more: MethodDecorator[]): MethodDecorator {
  const { id, tag, summary, description, status, answer, schema, example, headers } = operation;
  return applyDecorators(
    ApiTags(tag),
    ApiBearerAuth('key'),
    ApiOperation({ operationId: id, summary, ...(description !== undefined && { description }) }),
    ApiResponse({
      status,
      description: answer,
      headers: { ...sharedHeaders, ...headers },
      ...(schema !== undefined && {
        content: { 'application/json': { schema: ref(schema), ...(example !== undefined && { example }) } },
      }),
    }),
    ...problems({ ...everywhere, ...operation.problems }),
    ...more,
  );
}

export function problems(meanings: Readonly<Record<number, string>>): MethodDecorator[] {
  return Object.entries(meanings).map(([status, description]) =>
    ApiResponse({
      status: Number(status),
      description: `${STATUS_CODES[Number(status)]}: ${description}`,
      headers: headersOfProblem[Number(status)] ?? sharedHeaders,
      content: { 'application/problem+json': { schema: ref('Problem') } },
    }),
  );
}
