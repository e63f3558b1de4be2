import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, Length, Matches, Max, Min } from 'class-validator';
import { type OutboundStatus, outboundStatuses } from '../../whatsapp-twilio/messages/message-status';

const CONNECTION_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/** Which page of a list. */
export class PageQuery {
  @IsOptional()
  @Max(200, { message: 'must be at most 200' })
  @Min(1, { message: 'must be at least 1' })
  @IsInt({ message: 'must be a whole number' })
  @Type(() => Number)
  limit?: number;

  @IsOptional()
  @Length(1, 200, { message: 'must be the nextCursor of the page before, unchanged' })
  @IsString({ message: 'must be given once' })
  cursor?: string;
}

/** Why something is done, where there is no body to say it in. */
export class ReasonQuery {
  @IsOptional()
  @Length(1, 500, { message: 'must be a text of up to 500 characters' })
  @IsString({ message: 'must be given once' })
  reason?: string;
}

/** A connection by its id. */
export class ConnectionQuery {
  @IsOptional()
  @Matches(CONNECTION_ID, { message: 'must be the id of a connection' })
  @IsString({ message: 'must be given once' })
  connection?: string;
}

export class ListInboundQuery extends PageQuery {
  @IsOptional()
  @Length(1, 200, { message: 'must be the id of a conversation, a phone number or a business-scoped user id' })
  @IsString({ message: 'must be given once' })
  conversation?: string;

  @IsOptional()
  @Matches(CONNECTION_ID, { message: 'must be the id of a connection' })
  @IsString({ message: 'must be given once' })
  connection?: string;
}

export class ListMessagesQuery extends ListInboundQuery {
  @IsOptional()
  @IsIn(outboundStatuses, { message: `must be one of ${outboundStatuses.join(', ')}` })
  status?: OutboundStatus;
}
