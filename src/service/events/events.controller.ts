import { Get, Headers, Inject, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { EventReader } from '../../whatsapp-twilio/events/event-reader';
import type { Runtime } from '../../whatsapp-twilio/runtime';
import { RUNTIME } from '../../whatsapp-twilio/tokens';
import { RestController } from '../api/api.decorator';
import { demand } from '../api/connection-filter';
import { Caller, Needs } from '../auth/api-key.guard';
import type { Access } from '../auth/scopes';
import { EventsDocs } from '../openapi/event.docs';
import { Drain } from '../probes/drain';
import { ApiProblem } from '../problems/problem';
import { validationProblem } from '../problems/validation.pipe';
import { EventStream } from './event-stream';
import { EventsQuery } from './events.query';

/** Streams that one key may have open at a time, in this process. */
const STREAMS_PER_KEY = 10;

/** What happens, as it happens. */
@RestController('events')
export class EventsController {
  private readonly open = new Map<string, number>();

  constructor(
    @Inject(RUNTIME) private readonly runtime: Runtime,
    private readonly reader: EventReader,
    private readonly drain: Drain,
  ) {}

  @Get()
  @Needs('read')
  @EventsDocs()
  async stream(
    @Query() { connection, type }: EventsQuery,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Caller() access: Access,
    @Req() { method }: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    if (connection !== undefined) demand(access, 'read', connection);
    // A stream that began now would never be told to end.
    if (this.drain.isUnderWay) throw leaving();
    const isFull = (this.open.get(access.name) ?? 0) >= STREAMS_PER_KEY;
    if (isFull) throw tooMany();
    const { first, last } = await this.reader.bounds();
    const asked = lastEventId === undefined || lastEventId === '' ? last : positionOf(lastEventId);
    // A place that this log has not reached is of another: of a database that was replaced, or set back.
    const from = Math.min(asked, last);
    const isIncomplete = asked < first || asked > last;

    const stream = new EventStream(reply.raw, {
      reader: this.reader,
      clock: this.runtime.clock,
      ending: this.drain.signal,
      wants: (event) =>
        access.may('read', event.connectionId) &&
        (connection === undefined || event.connectionId === connection) &&
        (type === undefined || event.type === type),
    });
    void reply.headers({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    // Who asks for the headers alone gets no stream, which would hold the connection.
    if (method === 'HEAD') return void (await reply.send());
    reply.hijack();
    reply.raw.writeHead(200, reply.getHeaders() as Record<string, string>);
    // Who was away for longer than the log goes back has to look for itself what it missed.
    if (isIncomplete) reply.raw.write(`event: events.lost\ndata: {}\n\n`);
    this.count(access.name, 1);
    try {
      await stream.run(from);
    } finally {
      this.count(access.name, -1);
    }
  }

  private count(name: string, change: number): void {
    const streams = (this.open.get(name) ?? 0) + change;
    if (streams === 0) this.open.delete(name);
    else this.open.set(name, streams);
  }
}

/** @throws ApiProblem for what was never the id of an event in this stream. */
function positionOf(lastEventId: string): number {
  if (/^(0|[1-9]\d{0,14})$/.test(lastEventId)) return Number(lastEventId);
  throw validationProblem([
    {
      field: 'Last-Event-ID',
      code: 'invalid',
      message: 'Last-Event-ID is none of ours. Send the id of the last event that you got, or leave it out.',
    },
  ]);
}

function leaving(): ApiProblem {
  return new ApiProblem({
    status: 503,
    code: 'SHUTTING_DOWN',
    detail: 'This process is about to end. Come back in a moment, with the same Last-Event-ID.',
    retryAfterSeconds: 2,
  });
}

function tooMany(): ApiProblem {
  return new ApiProblem({
    status: 429,
    code: 'TOO_MANY_STREAMS',
    detail: `This key has ${STREAMS_PER_KEY} streams open. Close one, or share one among your programs.`,
    retryAfterSeconds: 5,
  });
}
