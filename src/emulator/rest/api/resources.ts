import { errorTitle } from '../../error-titles';
import type { Media, Message } from '../../message';
import { rfc2822 } from '../dates';

export const API_VERSION = '2010-04-01';

/** @see https://www.twilio.com/docs/messaging/api/message-resource#message-properties */
export function messageResource(message: Message): Record<string, unknown> {
  const { accountSid } = message;
  const uri = messagePath(accountSid, message.sid);
  return {
    account_sid: accountSid,
    api_version: API_VERSION,
    body: message.body,
    date_created: rfc2822(message.createdAt),
    date_sent: message.sentAt === null ? null : rfc2822(message.sentAt),
    date_updated: rfc2822(message.updatedAt),
    direction: message.direction,
    error_code: message.errorCode,
    error_message: message.errorCode === null ? null : errorTitle(message.errorCode),
    from: message.from,
    messaging_service_sid: message.messagingServiceSid,
    num_media: String(message.media.length),
    num_segments: '1',
    price: null,
    price_unit: null,
    sid: message.sid,
    status: message.status,
    subresource_uris: { media: `${uri}/Media.json` },
    to: message.to,
    uri: `${uri}.json`,
  };
}

/** @see https://www.twilio.com/docs/messaging/api/media-resource */
export function mediaResource(media: Media, messageSid: string, accountSid: string): Record<string, unknown> {
  return {
    account_sid: accountSid,
    content_type: media.contentType,
    date_created: rfc2822(media.createdAt),
    date_updated: rfc2822(media.createdAt),
    parent_sid: messageSid,
    sid: media.sid,
    uri: `${mediaPath(accountSid, messageSid, media.sid)}.json`,
  };
}

export function messagePath(accountSid: string, messageSid: string): string {
  return `/${API_VERSION}/Accounts/${accountSid}/Messages/${messageSid}`;
}

export function mediaPath(accountSid: string, messageSid: string, mediaSid: string): string {
  return `${messagePath(accountSid, messageSid)}/Media/${mediaSid}`;
}
