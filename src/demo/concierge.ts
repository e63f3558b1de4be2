import { Inject, Injectable } from '@nestjs/common';
import { OnWhatsappMessage } from '../whatsapp-twilio/handlers/on-whatsapp-message.decorator';
import { OnWhatsappStatus } from '../whatsapp-twilio/handlers/on-whatsapp-status.decorator';
import type { StatusUpdate } from '../whatsapp-twilio/delivery/status-update';
import type { WhatsappMessage } from '../whatsapp-twilio/messages/inbound-message';
import { DEMO_TEMPLATE } from './demo.tokens';

/** A small bot: a restaurant that takes reservations. */
@Injectable()
export class Concierge {
  readonly #ids = new Map<string, string>();
  #onRead: (() => void)[] = [];

  constructor(@Inject(DEMO_TEMPLATE) private readonly welcomeTemplate: string) {}

  @OnWhatsappMessage('text')
  welcome({ profileName }: WhatsappMessage<'text'>) {
    return { template: { contentSid: this.welcomeTemplate, variables: { '1': profileName ?? 'there' } } };
  }

  @OnWhatsappMessage('button')
  book({ payload }: WhatsappMessage<'button'>) {
    return payload === 'book'
      ? 'A table for tonight is yours. Send a photo of what you would like to eat, or where you are.'
      : 'We are open every day from 12:00 to 23:00.';
  }

  @OnWhatsappMessage('image')
  admire({ media }: WhatsappMessage<'image'>) {
    return `That looks *delicious* (${media[0]?.contentType}). The kitchen has been told.`;
  }

  @OnWhatsappMessage('location')
  meet({ latitude, longitude }: WhatsappMessage<'location'>) {
    return { location: { latitude: nextDoor(latitude), longitude: nextDoor(longitude), label: 'The restaurant' } };
  }

  @OnWhatsappMessage('video', 'audio', 'document', 'sticker', 'contacts', 'list', 'flow', 'unsupported')
  anythingElse({ kind }: WhatsappMessage) {
    return `Thank you for the ${kind === 'unsupported' ? 'message' : kind}. Write something to begin again.`;
  }

  @OnWhatsappStatus('read')
  seen({ sid, messageId }: StatusUpdate): void {
    this.#ids.set(sid!, messageId);
    for (const tell of this.#onRead.splice(0)) tell();
  }

  /** Our id of the message that Twilio calls `sid`, once the user has read it. */
  async messageIdOf(sid: string): Promise<string> {
    for (;;) {
      const id = this.#ids.get(sid);
      if (id !== undefined) return id;
      await new Promise<void>((resolve) => this.#onRead.push(resolve));
    }
  }
}

function nextDoor(degrees: number): number {
  return Number((degrees + 0.001).toFixed(4));
}
