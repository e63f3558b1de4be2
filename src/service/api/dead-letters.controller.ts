import { Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { type DeadLetterPage, DeadLetterNotFoundError } from '../../whatsapp-twilio/handlers/dead-letter';
import { DeadLetters } from '../../whatsapp-twilio/handlers/dead-letters.service';
import { Caller, forbidden, Needs } from '../auth/api-key.guard';
import type { Access } from '../auth/scopes';
import { ListDeadLettersDocs, ReplayDocs } from '../openapi/dead-letter.docs';
import { RestController } from './api.decorator';
import { demand } from './connection-filter';
import { PageQuery } from './queries';

/** What could not be handled or forwarded until its tries ran out. */
@RestController('dead-letters')
export class DeadLettersController {
  constructor(private readonly deadLetters: DeadLetters) {}

  /** Of all connections together, so it is for keys that are for all of them. */
  @Get()
  @Needs('read')
  @ListDeadLettersDocs()
  list(@Query() page: PageQuery, @Caller() access: Access): Promise<DeadLetterPage> {
    if (access.connectionsFor('read') !== undefined) throw forbidden(access.name, 'read (of every connection)');
    return this.deadLetters.list(page);
  }

  @Post(':id/replay')
  @HttpCode(204)
  @Needs('write')
  @ReplayDocs()
  async replay(@Param('id') id: string, @Caller() access: Access): Promise<void> {
    const letter = await this.deadLetters.get(id);
    if (letter === undefined || !access.may('read', letter.connectionId)) throw new DeadLetterNotFoundError();
    demand(access, 'write', letter.connectionId);
    await this.deadLetters.replay(id);
  }
}
