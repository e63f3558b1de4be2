import { formatAddress, type Address } from './address';
import type { LocationContent, OutboundContent } from './outbound-content';

/** One message as Twilio is asked to send it. Either `from` or `messagingServiceSid` is needed; both may be given. */
export interface TwilioSend {
  readonly to: Address;
  readonly content: OutboundContent;
  readonly from?: Address;
  readonly messagingServiceSid?: string;
  readonly statusCallback?: string;
  /** Seconds, 1 to 36000, for which Twilio may keep the message in its queue. */
  readonly validityPeriodSeconds?: number;
}

/**
 * The form that creates a message at Twilio.
 *
 * @see https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource
 */
export function toTwilioParams(send: TwilioSend): URLSearchParams {
  const params = new URLSearchParams({ To: formatAddress(send.to) });
  if (send.from) params.set('From', formatAddress(send.from));
  if (send.messagingServiceSid !== undefined) params.set('MessagingServiceSid', send.messagingServiceSid);
  appendContent(params, send.content);
  if (send.statusCallback !== undefined) params.set('StatusCallback', send.statusCallback);
  if (send.validityPeriodSeconds !== undefined) params.set('ValidityPeriod', String(send.validityPeriodSeconds));
  return params;
}

function appendContent(params: URLSearchParams, content: OutboundContent): void {
  if ('template' in content) {
    params.set('ContentSid', content.template.contentSid);
    // Left out, Twilio uses the template's own samples; an empty object would say that there are none.
    const { variables = {} } = content.template;
    if (Object.keys(variables).length > 0) params.set('ContentVariables', JSON.stringify(variables));
  } else if ('location' in content) {
    appendLocation(params, content.location);
  } else if ('media' in content) {
    if (content.text !== undefined) params.set('Body', content.text);
    const urls = typeof content.media === 'string' ? [content.media] : content.media;
    for (const url of urls) params.append('MediaUrl', url);
  } else {
    params.set('Body', content.text);
  }
}

/**
 * Twilio wants a name for the place as the body of the message; without a label that is the place's coordinates.
 *
 * @see https://www.twilio.com/docs/whatsapp/message-features#location-messages-with-whatsapp
 */
function appendLocation(params: URLSearchParams, { latitude, longitude, label }: LocationContent['location']): void {
  const point = `${formatDegrees(latitude)},${formatDegrees(longitude)}`;
  params.set('Body', label ?? point);
  params.set('PersistentAction', label === undefined ? `geo:${point}` : `geo:${point}|${label}`);
}

/** A `geo:` address has no exponents, which JavaScript writes for small numbers; ten decimals are a hundredth of a millimetre. */
function formatDegrees(degrees: number): string {
  const text = String(degrees);
  return text.includes('e') ? degrees.toFixed(10) : text;
}
