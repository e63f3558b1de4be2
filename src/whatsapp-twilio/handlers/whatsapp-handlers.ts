import type { Conversation } from '../messages/conversation';
import type { InboundMessageKind, WhatsappMessage } from '../messages/inbound-message';
import type { OutboundStatus } from '../messages/message-status';
import type { OutboundContent } from '../messages/outbound-content';
import type { StatusUpdate } from '../delivery/status-update';

/** What a message handler may return: nothing, or the reply, as text or as any other content. */
export type HandlerReply = string | OutboundContent | void | undefined | null;

export type MessageHandler<Kind extends InboundMessageKind = InboundMessageKind> = (
  message: WhatsappMessage<Kind>,
  conversation: Conversation,
) => HandlerReply | Promise<HandlerReply>;

export type StatusHandler = (update: StatusUpdate) => unknown;

/** A handler as it was found. The name, `Class.method`, is stable: it is stored with what the handler is done with. */
export interface RegisteredHandler<Filter, Run> {
  readonly name: string;
  readonly filter: ReadonlySet<Filter>;
  readonly run: Run;
}

/** The handlers of the app. Filled when the app starts. */
export class WhatsappHandlers {
  readonly messages: RegisteredHandler<InboundMessageKind, MessageHandler>[] = [];
  readonly statuses: RegisteredHandler<OutboundStatus, StatusHandler>[] = [];

  wantsStatus(status: OutboundStatus): boolean {
    return this.statuses.some(({ filter }) => filter.has(status));
  }
}
