import type { Button, ListRow, Message, MessageStatus, Place } from '../message';

/** A message as its recipient sees it. */
export interface ReceivedMessage {
  readonly sid: string;
  readonly body: string;
  /** The status at this moment. */
  readonly status: MessageStatus;
  readonly media: readonly { readonly contentType: string; readonly data: Buffer }[];
  readonly place?: Place;
  readonly buttons: readonly Button[];
  readonly rows: readonly ListRow[];
  /** The template that it was made from. */
  readonly template?: { readonly contentSid: string; readonly variables: Readonly<Record<string, string>> };
}

export function received(message: Message): ReceivedMessage {
  const { sid, body, status, extras, template } = message;
  return {
    sid,
    body,
    status,
    media: message.media.map(({ contentType, data }) => ({ contentType, data: data ?? Buffer.alloc(0) })),
    ...(extras.place === undefined ? {} : { place: extras.place }),
    buttons: extras.buttons ?? [],
    rows: extras.rows ?? [],
    ...(template === undefined ? {} : { template }),
  };
}
