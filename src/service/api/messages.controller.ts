import { Body, Delete, Get, Headers, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { ConnectionRegistry } from '../../whatsapp-twilio/connections/connection-registry';
import type { OutboundMessageInput } from '../../whatsapp-twilio/messages/outbound-message';
import { MessageNotFoundError } from '../../whatsapp-twilio/outbound/outbound.errors';
import type { OutboundMessage, OutboundMessageWithHistory } from '../../whatsapp-twilio/outbound/outbound-message.view';
import { OutboundService, type OutboundPage } from '../../whatsapp-twilio/outbound/outbound.service';
import { Caller, Needs } from '../auth/api-key.guard';
import type { Access } from '../auth/scopes';
import { CancelMessageDocs, GetMessageDocs, ListMessagesDocs, SendMessageDocs } from '../openapi/message.docs';
import { validationProblem } from '../problems/validation.pipe';
import { RestController } from './api.decorator';
import { demand, readableConnections } from './connection-filter';
import { asFirstAnswered } from './first-answer';
import { ListMessagesQuery } from './queries';

/** Messages on their way to WhatsApp users. */
@RestController('messages')
export class MessagesController {
  constructor(
    private readonly outbound: OutboundService,
    private readonly connections: ConnectionRegistry,
  ) {}

  /** The module checks the body: it knows every field, and what people mean by those that it does not know. */
  @Post()
  @HttpCode(202)
  @Needs('write')
  @SendMessageDocs()
  async send(
    @Body() body: unknown,
    @Headers('idempotency-key') key: string | undefined,
    @Caller() access: Access,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<OutboundMessage> {
    const input = withKey(body, key);
    const { connectionId } = (input ?? {}) as { connectionId?: unknown };
    demand(access, 'write', typeof connectionId === 'string' ? connectionId : this.connections.default.id);
    const message = await this.outbound.send(input as OutboundMessageInput);
    void reply.header('location', `/v1/messages/${message.id}`);
    if (message.idempotencyKey === undefined) return message;
    return asFirstAnswered((await this.outbound.get(message.id))!);
  }

  @Get()
  @Needs('read')
  @ListMessagesDocs()
  list(@Query() { connection, ...filter }: ListMessagesQuery, @Caller() access: Access): Promise<OutboundPage> {
    return this.outbound.list({ ...filter, connection: readableConnections(access, connection) });
  }

  @Get(':id')
  @Needs('read')
  @GetMessageDocs()
  get(@Param('id') id: string, @Caller() access: Access): Promise<OutboundMessageWithHistory> {
    return this.find(id, access, 'read');
  }

  @Delete(':id')
  @Needs('write')
  @CancelMessageDocs()
  async cancel(@Param('id') id: string, @Caller() access: Access): Promise<OutboundMessage> {
    await this.find(id, access, 'write');
    return this.outbound.cancel(id);
  }

  /** What a key may not see is not there for it. */
  private async find(id: string, access: Access, action: 'read' | 'write'): Promise<OutboundMessageWithHistory> {
    const message = await this.outbound.get(id);
    if (message === undefined || !access.may('read', message.connectionId)) throw new MessageNotFoundError();
    demand(access, action, message.connectionId);
    return message;
  }
}

/** The header counts as the field; both may be there if they agree. */
function withKey(body: unknown, key: string | undefined): unknown {
  if (key === undefined || typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  const { idempotencyKey = key } = body as { idempotencyKey?: unknown };
  if (idempotencyKey !== key) {
    throw validationProblem([
      { field: 'idempotencyKey', code: 'conflict', message: 'idempotencyKey differs from the header Idempotency-Key.' },
    ]);
  }
  return { ...body, idempotencyKey };
}
