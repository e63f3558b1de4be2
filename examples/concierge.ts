import { Injectable } from '@nestjs/common';
import { OnWhatsappMessage, OnWhatsappStatus, OutboundService } from 'nestjs-whatsapp-twilio';
import type { Conversation, StatusUpdate, WhatsappMessage } from 'nestjs-whatsapp-twilio';

@Injectable()
export class Concierge {
  readonly failures: StatusUpdate[] = [];

  constructor(private readonly outbound: OutboundService) {}

  @OnWhatsappMessage('text')
  greet(message: WhatsappMessage<'text'>, conversation: Conversation) {
    return `Hello ${message.profileName ?? 'there'}! We can answer until ${conversation.windowExpiresAt?.toISOString()}.`;
  }

  @OnWhatsappMessage('image', 'video')
  admire(message: WhatsappMessage<'image' | 'video'>) {
    return { text: `A fine ${message.media[0]?.contentType}!` };
  }

  @OnWhatsappStatus('failed', 'undelivered')
  alarm(update: StatusUpdate) {
    this.failures.push(update); // update.error: { code, title, retryable, action, help }
  }

  remind(to: string) {
    return this.outbound.send({ to, template: { contentSid: 'HX00000000000000000000000000000001' } });
  }
}
