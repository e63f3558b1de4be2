import { Get, Param, ParseIntPipe, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { InboundFiles } from '../../whatsapp-twilio/inbound/inbound-files.service';
import {
  InboundMessages,
  type InboundPage,
  type ReceivedMessage,
} from '../../whatsapp-twilio/inbound/inbound-messages.service';
import { Caller, Needs } from '../auth/api-key.guard';
import type { Access } from '../auth/scopes';
import { GetInboundDocs, GetMediaDocs, ListInboundDocs } from '../openapi/inbound.docs';
import { notFound } from '../problems/problem';
import { RestController } from './api.decorator';
import { readableConnections } from './connection-filter';
import { ListInboundQuery } from './queries';

/** Types that a browser shows without running anything of theirs. */
const SHOWN_INLINE = /^(image\/(png|jpe?g|gif|webp)|audio\/[\w.+-]+|video\/[\w.+-]+)\s*(;|$)/i;

/** What users wrote. */
@RestController('inbound-messages')
export class InboundMessagesController {
  constructor(
    private readonly messages: InboundMessages,
    private readonly files: InboundFiles,
  ) {}

  @Get()
  @Needs('read')
  @ListInboundDocs()
  list(@Query() { connection, ...filter }: ListInboundQuery, @Caller() access: Access): Promise<InboundPage> {
    return this.messages.list({ ...filter, connection: readableConnections(access, connection) });
  }

  @Get(':sid')
  @Needs('read')
  @GetInboundDocs()
  async get(@Param('sid') sid: string, @Caller() access: Access): Promise<ReceivedMessage> {
    const message = await this.messages.get(sid);
    if (message === undefined || !access.may('read', message.connectionId)) throw noMessage();
    return message;
  }

  /** Streams the file through; nothing of it is kept here. */
  @Get(':sid/media/:index')
  @Needs('read')
  @GetMediaDocs()
  async media(
    @Param('sid') sid: string,
    @Param('index', new ParseIntPipe({ exceptionFactory: () => noFile() })) index: number,
    @Caller() access: Access,
    @Req() { method }: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.get(sid, access);
    const gone = new AbortController();
    reply.raw.on('close', () => gone.abort());
    const file = await this.files.open(sid, index, gone.signal);
    if (file === undefined) throw noMessage();
    void reply.headers({
      'content-type': file.contentType,
      'content-disposition': SHOWN_INLINE.test(file.contentType) ? 'inline' : 'attachment',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      'cache-control': 'private, max-age=3600',
      ...(file.contentLength !== undefined && { 'content-length': String(file.contentLength) }),
    });
    if (method !== 'HEAD') return void (await reply.send(file.stream));
    file.stream.destroy();
    await reply.send();
  }
}

function noMessage() {
  return notFound('MESSAGE_NOT_FOUND', 'There is no inbound message with this SID.');
}

function noFile() {
  return notFound('MEDIA_NOT_FOUND', 'The message has no file with this number. They are counted from 0.');
}
