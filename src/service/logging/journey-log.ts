import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type HandlerHappening, handlerChannel, type SendHappening, sendChannel } from '../../common/happenings';
import { forwardChannel, type ForwardHappening } from '../events/forwarder';

/** A line for each thing that happens to a message after its request was answered, with the ids that join them. */
@Injectable()
export class JourneyLog implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('Journey');

  onModuleInit(): void {
    subscribe(handlerChannel.name, this.onHandler);
    subscribe(sendChannel.name, this.onSend);
    subscribe(forwardChannel.name, this.onForward);
  }

  /** After the last message was sent. */
  onApplicationShutdown(): void {
    unsubscribe(handlerChannel.name, this.onHandler);
    unsubscribe(sendChannel.name, this.onSend);
    unsubscribe(forwardChannel.name, this.onForward);
  }

  private readonly onHandler = (happening: unknown): void => {
    const { sid, ...rest } = happening as HandlerHappening;
    this.logger.log({ message: 'handler', ...rest, ...(sid && { messageSid: sid }) });
  };

  private readonly onSend = (happening: unknown): void => {
    const { sid, code, ...rest } = happening as SendHappening;
    this.logger.log({ message: 'send', ...rest, ...(code !== undefined && { code }), ...(sid && { messageSid: sid }) });
  };

  private readonly onForward = (happening: unknown): void => {
    this.logger.log({ message: 'forward', ...(happening as ForwardHappening) });
  };
}
