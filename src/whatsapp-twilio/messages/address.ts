/**
 * Whom a message is from or for. A `phone` value is E.164 with its plus (`+15551230001`); a `bsuid` value is
 * WhatsApp's business-scoped user id (`US.13491208655302741918`), which stands in for the phone number of a user who
 * hides it. Neither carries the `whatsapp:` prefix that Twilio puts before it.
 */
export interface Address {
  readonly kind: 'phone' | 'bsuid';
  readonly value: string;
}

const PREFIX = 'whatsapp:';
const PHONE = /^\+[1-9]\d{6,14}$/;
const BSUID = /^[A-Z]{2}(\.ENT)?\.[A-Za-z0-9]{1,128}$/;

/** Reads `whatsapp:+15551230001`, `+15551230001` or a BSUID with or without the prefix; `undefined` if it is neither. */
export function parseAddress(text: string): Address | undefined {
  const value = withoutPrefix(text);
  if (PHONE.test(value)) return { kind: 'phone', value };
  if (BSUID.test(value)) return { kind: 'bsuid', value };
  return undefined;
}

/**
 * As `parseAddress`, for what Twilio sent: a form of address that is not known yet is kept as it came, so that no
 * message is lost over it. What starts like a phone number counts as one.
 */
export function readAddress(text: string): Address {
  const value = withoutPrefix(text);
  return parseAddress(value) ?? { kind: /^\+?\d/.test(value) ? 'phone' : 'bsuid', value };
}

/** As Twilio writes it: `whatsapp:+15551230001`. */
export function formatAddress(address: Address): string {
  return PREFIX + address.value;
}

/** For logs: enough to recognise a conversation, too little to call anyone (`+1555•••01`). */
export function maskAddress(address: Address): string {
  return maskDigits(address.value);
}

export function maskDigits(value: string): string {
  return value.length <= 8 ? '•••' : `${value.slice(0, 5)}•••${value.slice(-2)}`;
}

function withoutPrefix(text: string): string {
  return text.startsWith(PREFIX) ? text.slice(PREFIX.length) : text;
}
