import { IsIn, IsOptional } from 'class-validator';
import { type EventType, eventTypes } from '../../whatsapp-twilio/events/event';
import { ConnectionQuery } from '../api/queries';

/** Which events a stream gives. */
export class EventsQuery extends ConnectionQuery {
  @IsOptional()
  @IsIn(eventTypes, { message: `must be one of ${eventTypes.join(', ')}` })
  type?: EventType;
}
