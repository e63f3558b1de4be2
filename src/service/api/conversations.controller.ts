import { Delete, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { ConnectionRegistry } from '../../whatsapp-twilio/connections/connection-registry';
import { ConversationNotFoundError } from '../../whatsapp-twilio/conversations/conversation.errors';
import {
  Conversations,
  type ConversationView,
  type ConversationWithMessages,
} from '../../whatsapp-twilio/conversations/conversations.service';
import { Caller, Needs } from '../auth/api-key.guard';
import type { Access } from '../auth/scopes';
import { GetConversationDocs, OptInDocs, OptOutDocs, TypingDocs } from '../openapi/conversation.docs';
import { RestController } from './api.decorator';
import { demand } from './connection-filter';
import { ConnectionQuery } from './queries';

/** Who talks with whom, by the user's address. */
@RestController('conversations/:address')
export class ConversationsController {
  constructor(
    private readonly conversations: Conversations,
    private readonly connections: ConnectionRegistry,
  ) {}

  @Get()
  @Needs('read')
  @GetConversationDocs()
  async get(
    @Param('address') address: string,
    @Query() choice: ConnectionQuery,
    @Caller() access: Access,
  ): Promise<ConversationWithMessages> {
    this.demand(access, 'read', choice);
    const conversation = await this.conversations.get(address, choice);
    if (conversation === undefined) throw new ConversationNotFoundError();
    return conversation;
  }

  @Post('typing')
  @HttpCode(204)
  @Needs('write')
  @TypingDocs()
  async typing(
    @Param('address') address: string,
    @Query() choice: ConnectionQuery,
    @Caller() access: Access,
  ): Promise<void> {
    this.demand(access, 'write', choice);
    await this.conversations.typing(address, choice);
  }

  @Put('opt-out')
  @Needs('write')
  @OptOutDocs()
  optOut(
    @Param('address') address: string,
    @Query() choice: ConnectionQuery,
    @Caller() access: Access,
  ): Promise<ConversationView> {
    this.demand(access, 'write', choice);
    return this.conversations.optOut(address, choice);
  }

  @Delete('opt-out')
  @Needs('write')
  @OptInDocs()
  optIn(
    @Param('address') address: string,
    @Query() choice: ConnectionQuery,
    @Caller() access: Access,
  ): Promise<ConversationView> {
    this.demand(access, 'write', choice);
    return this.conversations.optIn(address, choice);
  }

  private demand(access: Access, action: 'read' | 'write', { connection }: ConnectionQuery): void {
    demand(access, action, connection ?? this.connections.default.id);
  }
}
