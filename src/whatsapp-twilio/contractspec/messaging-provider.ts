import { parseAddress } from '../messages/address';
import type { OutboundStatus } from '../messages/message-status';
import type { OutboundMessage, OutboundMessageWithHistory } from '../outbound/outbound-message.view';
import type { OutboundService } from '../outbound/outbound.service';

/** ContractSpec's `MessagingDeliveryStatus`. */
export type ContractSpecDeliveryStatus = 'queued' | 'sending' | 'sent' | 'delivered' | 'failed';

/** ContractSpec's `MessagingSendInput`. */
export interface ContractSpecSendInput {
  /** The user. */
  readonly recipientId?: string;
  /** Beside a recipient or thread, our number to send from; alone, the user. */
  readonly channelId?: string;
  /** The user of the conversation, as `toChannelInboundEvent()` names the thread. */
  readonly threadId?: string;
  readonly text: string;
  /** WhatsApp has its own marks for bold and italics; the text is sent as it is. */
  readonly markdown?: boolean;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** ContractSpec's `MessagingSendResult`. */
export interface ContractSpecSendResult {
  /** Ours. */
  id: string;
  /** Twilio's SID, once it took the message. */
  providerMessageId?: string;
  status: ContractSpecDeliveryStatus;
  sentAt?: Date;
  deliveredAt?: Date;
  errorCode?: string;
  errorMessage?: string;
  metadata?: Record<string, string>;
}

/** Each of our statuses in ContractSpec's words. */
const statuses: Readonly<Record<OutboundStatus, ContractSpecDeliveryStatus>> = {
  scheduled: 'queued',
  held: 'queued',
  queued: 'queued',
  sending: 'sending',
  unknown: 'sending',
  accepted: 'sending',
  sent: 'sent',
  canceled: 'failed',
  expired: 'failed',
  failed: 'failed',
  undelivered: 'failed',
  delivered: 'delivered',
  read: 'delivered',
};

/**
 * ContractSpec's `MessagingProvider` for `messaging.whatsapp.twilio`. A message is stored before `sendMessage()` resolves,
 * with status `queued`; `getMessage()` tells how it went on.
 *
 * @example
 * const provider = new ContractSpecMessagingProvider(outbound, { connectionId });
 * const { id } = await provider.sendMessage({ recipientId: '+15551230001', text: 'Hi' });
 */
export class ContractSpecMessagingProvider {
  constructor(
    private readonly outbound: OutboundService,
    private readonly options: { readonly connectionId?: string } = {},
  ) {}

  /** @throws as `OutboundService.send()`: InvalidMessageError (`INVALID_MESSAGE`) without a user to send to. */
  async sendMessage(input: ContractSpecSendInput): Promise<ContractSpecSendResult> {
    const { recipientId, threadId, channelId, text, metadata } = input;
    const user = recipientId ?? threadId;
    const from = user === undefined || channelId === undefined ? undefined : parseAddress(channelId);
    const message = await this.outbound.send({
      to: user ?? channelId ?? '',
      ...(from?.kind === 'phone' && { from }),
      text,
      ...(metadata && { metadata }),
      ...this.options,
    });
    return toSendResult(message);
  }

  /** A message that was sent through any of our ways; `undefined` if there is none with this id. */
  async getMessage(id: string): Promise<ContractSpecSendResult | undefined> {
    const message = await this.outbound.get(id);
    return message && toSendResult(message);
  }
}

function toSendResult(message: OutboundMessage & Partial<OutboundMessageWithHistory>): ContractSpecSendResult {
  const { id, sid, status, error, metadata, history = [] } = message;
  const timeOf = (...names: readonly OutboundStatus[]) => history.find((event) => names.includes(event.status))?.at;
  const sentAt = timeOf('sent', 'delivered', 'read');
  const deliveredAt = timeOf('delivered', 'read');
  return {
    id,
    ...(sid !== undefined && { providerMessageId: sid }),
    status: statuses[status],
    ...(sentAt && { sentAt }),
    ...(deliveredAt && { deliveredAt }),
    ...(error && { errorCode: String(error.code), errorMessage: `${error.title}. ${error.help}` }),
    metadata: { ...metadata },
  };
}
