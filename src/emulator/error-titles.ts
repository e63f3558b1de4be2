/** Twilio's names of the errors that a message can fail with here. @see https://www.twilio.com/docs/api/errors */
const TITLES: Readonly<Record<number, string>> = {
  30001: 'Queue overflow',
  30002: 'Account suspended',
  30008: 'Unknown error',
  30036: 'Validity Period Expired',
  63003: 'Channel could not find To address',
  63005: 'Channel did not accept given content',
  63007: 'Twilio could not find a Channel with the specified From address',
  63012: 'Channel provider returned an internal service error',
  63013: 'This message send failed because it violates Channel provider policy',
  63015: 'Channel Sandbox can only send messages to phone numbers that have joined the Sandbox',
  63016: 'Failed to send freeform message because you are outside the allowed window. Use a template',
  63018: 'Rate limit exceeded for Channel',
  63019: 'Media failed to download',
  63021: 'Channel invalid content error',
  63024: 'Invalid message recipient',
  63027: 'Template does not exist for a language and locale',
  63028: 'Number of parameters provided does not match the expected number of parameters',
  63032: 'We cannot send this message to this user due to a WhatsApp limitation',
  63034: 'Media exceeds the size limit of the channel',
  63040: 'Template rejected',
  63041: 'Template paused',
  63042: 'Template disabled',
  63049: 'Meta chose not to deliver this WhatsApp marketing message',
};

export function errorTitle(code: number): string {
  return TITLES[code] ?? `Error ${code}`;
}
