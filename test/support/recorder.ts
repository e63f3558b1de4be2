import { Injectable } from '@nestjs/common';
import {
  type Conversation,
  type HandlerReply,
  OnWhatsappMessage,
  OnWhatsappStatus,
  type OutboundStatus,
  type StatusUpdate,
  type WhatsappMessage,
} from 'nestjs-whatsapp-twilio';
import { Happenings } from './happenings';

/** A bot that notes everything it is told and says what the test wants. */
@Injectable()
export class Recorder {
  readonly messages = new Happenings<WhatsappMessage>();
  readonly updates = new Happenings<StatusUpdate>();
  answer: (message: WhatsappMessage, conversation: Conversation) => HandlerReply | Promise<HandlerReply> = () => {};

  @OnWhatsappMessage()
  receive(message: WhatsappMessage, conversation: Conversation): HandlerReply | Promise<HandlerReply> {
    this.messages.add(message);
    return this.answer(message, conversation);
  }

  @OnWhatsappStatus()
  follow(update: StatusUpdate): void {
    this.updates.add(update);
  }

  /**
   * Resolves when the message reaches the status; the `nth` time, where it can come back to it. A callback may overtake
   * the answer to the request, and then there is no `accepted` to tell of: whatever tells the SID counts as that.
   */
  async reaches({ id }: { readonly id: string }, status: OutboundStatus, nth = 1): Promise<StatusUpdate> {
    const isIt = (update: StatusUpdate) =>
      update.status === status || (status === 'accepted' && update.sid !== undefined);
    const found = () => this.updates.all.filter((update) => update.messageId === id && isIt(update));
    await this.updates.until(() => found().length >= nth);
    return found()[nth - 1]!;
  }
}
