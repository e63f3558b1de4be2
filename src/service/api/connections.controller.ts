import { Body, Delete, Get, HttpCode, Param, Patch, type PipeTransform, Post, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { ConnectionRotations } from '../../whatsapp-twilio/connections/connection-rotation.service';
import type { Authorship } from '../../whatsapp-twilio/connections/connection-writes';
import type {
  ConnectionEventPage,
  ConnectionPage,
  ConnectionView,
} from '../../whatsapp-twilio/connections/connection.view';
import { ConnectionNotFoundError } from '../../whatsapp-twilio/connections/connections.errors';
import { type ConnectionChange, Connections } from '../../whatsapp-twilio/connections/connections.service';
import type { ConnectionValidation } from '../../whatsapp-twilio/connections/probe-connection';
import type { ConnectionRotation } from '../../whatsapp-twilio/connections/rotation';
import type { ConnectionFields } from '../../whatsapp-twilio/connections/validate-connection';
import { Caller, Needs } from '../auth/api-key.guard';
import type { Access } from '../auth/scopes';
import {
  AbortRotationDocs,
  ContinueRotationDocs,
  CreateConnectionDocs,
  GetConnectionDocs,
  ListConnectionEventsDocs,
  ListConnectionsDocs,
  RemoveConnectionDocs,
  RotateDocs,
  UpdateConnectionDocs,
  ValidateConnectionDocs,
} from '../openapi/connection.docs';
import { RestController } from './api.decorator';
import { optionalFields, splitReason } from './connection-body';
import { PageQuery, ReasonQuery } from './queries';

const CONNECTION_ID = /^[\w-]{1,64}$/;

/** What cannot be an id names no connection. */
const connectionId: PipeTransform<string> = {
  transform(id) {
    if (!CONNECTION_ID.test(id)) throw new ConnectionNotFoundError();
    return id;
  },
};

/** The Twilio accounts that customers bring. The module checks the bodies: it knows every field. */
@RestController('connections')
@Needs('admin')
export class ConnectionsController {
  constructor(
    private readonly connections: Connections,
    private readonly rotations: ConnectionRotations,
  ) {}

  @Post()
  @CreateConnectionDocs()
  async create(
    @Body() body: unknown,
    @Caller() access: Access,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ConnectionView> {
    const { fields, reason } = splitReason(body);
    const connection = await this.connections.create(fields as ConnectionFields, authorship(access, reason));
    void reply.header('location', `/v1/connections/${connection.id}`);
    return connection;
  }

  @Get()
  @ListConnectionsDocs()
  list(@Query() page: PageQuery): Promise<ConnectionPage> {
    return this.connections.list(page);
  }

  @Get(':id')
  @GetConnectionDocs()
  async get(@Param('id', connectionId) id: string): Promise<ConnectionView> {
    const connection = await this.connections.get(id);
    if (connection === undefined) throw new ConnectionNotFoundError();
    return connection;
  }

  @Patch(':id')
  @UpdateConnectionDocs()
  update(
    @Param('id', connectionId) id: string,
    @Body() body: unknown,
    @Caller() access: Access,
  ): Promise<ConnectionView> {
    const { fields, reason } = splitReason(body);
    return this.connections.update(id, fields as ConnectionChange, authorship(access, reason));
  }

  @Delete(':id')
  @HttpCode(204)
  @RemoveConnectionDocs()
  async remove(
    @Param('id', connectionId) id: string,
    @Query() { reason }: ReasonQuery,
    @Caller() access: Access,
  ): Promise<void> {
    await this.connections.remove(id, authorship(access, reason));
  }

  @Post(':id/validate')
  @HttpCode(200)
  @ValidateConnectionDocs()
  validate(
    @Param('id', connectionId) id: string,
    @Body() body: unknown,
    @Caller() access: Access,
  ): Promise<ConnectionValidation> {
    const { reason } = optionalFields(body, ['reason']);
    return this.connections.validate(id, authorship(access, reason));
  }

  @Get(':id/events')
  @ListConnectionEventsDocs()
  async events(
    @Param('id', connectionId) id: string,
    @Query() { limit, cursor }: PageQuery,
  ): Promise<ConnectionEventPage> {
    const found = await this.connections.events({
      connectionId: id,
      ...(limit !== undefined && { limit }),
      ...(cursor !== undefined && { cursor }),
    });
    // What was removed still has its trail.
    if (found.events.length === 0) await this.get(id);
    return found;
  }

  @Post(':id/rotate')
  @HttpCode(202)
  @RotateDocs()
  rotate(
    @Param('id', connectionId) id: string,
    @Body() body: unknown,
    @Caller() access: Access,
  ): Promise<ConnectionRotation> {
    const { reason, ...options } = optionalFields(body, ['authToken', 'overlapSeconds', 'reason']);
    return this.rotations.start(id, options, authorship(access, reason));
  }

  @Post(':id/rotate/abort')
  @HttpCode(202)
  @AbortRotationDocs()
  abort(
    @Param('id', connectionId) id: string,
    @Body() body: unknown,
    @Caller() access: Access,
  ): Promise<ConnectionRotation> {
    const { reason } = optionalFields(body, ['reason']);
    return this.rotations.abort(id, authorship(access, reason));
  }

  @Post(':id/rotate/continue')
  @HttpCode(202)
  @ContinueRotationDocs()
  continue(
    @Param('id', connectionId) id: string,
    @Body() body: unknown,
    @Caller() access: Access,
  ): Promise<ConnectionRotation> {
    const { reason } = optionalFields(body, ['reason']);
    return this.rotations.continue(id, authorship(access, reason));
  }
}

/** The key stands behind what is done with it. The module checks the reason. */
function authorship({ actor }: Access, reason: unknown): Authorship {
  return { actor, reason: reason as string };
}
